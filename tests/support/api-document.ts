/** The OpenAPI document as data: its operations, and a validator for each documented answer. */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { documentOfApi } from "./declared-answers.ts";

export type Schema = {
  type?: string | string[];
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  allOf?: Schema[];
  $ref?: string;
  additionalProperties?: Schema | boolean;
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  minimum?: number;
  maximum?: number;
};
type Media = Record<string, { schema?: Schema }>;
export type Parameter = { name: string; in: "path" | "query" | "header"; required?: boolean; schema: Schema };
export type Operation = {
  id: string;
  method: string;
  path: string;
  isAdmin: boolean;
  parameters: Parameter[];
  body: Schema | undefined;
  responses: Record<string, { content?: Media }>;
};

type Raw = {
  operationId: string;
  parameters?: Parameter[];
  requestBody?: { content: Media };
  responses: Record<string, { content?: Media }>;
};
const document = documentOfApi() as unknown as {
  paths: Record<string, Record<string, Raw>>;
  components: { schemas: Record<string, Schema> };
};

export const operations: Operation[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, raw]) => ({
    id: raw.operationId,
    method: method.toUpperCase(),
    path,
    isAdmin: path.startsWith("/api/admin/"),
    parameters: raw.parameters ?? [],
    body: raw.requestBody?.content["application/json"]?.schema,
    responses: raw.responses,
  })),
);

export const resolveSchema = (schema: Schema): Schema => {
  const name = schema.$ref?.replace("#/components/schemas/", "");
  return name === undefined ? schema : (document.components.schemas[name] ?? {});
};

const ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: true });
addFormats.default(ajv);
ajv.addSchema(document, "api");

const pointer = (part: string): string => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
const validators = new Map<string, ValidateFunction>();

/** Says what is wrong with an answer by its documentation: its status, its content type or its body. Undefined if nothing. */
export const answerFault = (
  { path, method, responses }: Operation,
  { status, contentType, text }: { status: number; contentType: string; text: string },
): string | undefined => {
  const response = responses[String(status)];
  if (response === undefined) return `status ${status} is not documented`;
  if (response.content === undefined) return text === "" ? undefined : `status ${status} has an undocumented body`;
  const type = contentType.split(";")[0] ?? "";
  const media = response.content[type];
  if (media === undefined) return `content type ${JSON.stringify(type)} of status ${status} is not documented`;
  if (media.schema === undefined || !type.endsWith("json")) return undefined;
  const ref = `api#/paths/${pointer(path)}/${method.toLowerCase()}/responses/${status}/content/${pointer(type)}/schema`;
  const validate = validators.get(ref) ?? ajv.compile({ $ref: ref });
  validators.set(ref, validate);
  if (validate(JSON.parse(text))) return undefined;
  const [error] = validate.errors ?? [];
  return `the body of status ${status} does not fit its schema: ${error?.instancePath ?? ""} ${error?.message ?? ""} ${JSON.stringify(error?.params)}`;
};
