/**
 * Writes the methods of the client: one for each operation of the document, in a namespace for each tag. A new route needs no edit here.
 * `POST /api/public/batch-exports`, `createBatchExport`, of the tag `Exports` becomes `client.exports.create(body, options)`.
 */
type Schema = { $ref?: string; properties?: Record<string, Schema>; type?: unknown };
type Parameter = { name: string; in: string; required?: boolean; $ref?: string };
type Operation = {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  parameters?: Parameter[];
  requestBody?: { required?: boolean };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
};
type ApiDocument = { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Schema> } };

/** What the operations of a tag are about, where it is not the name of the tag in the singular: a method's name leaves it out. */
const nouns: Record<string, string> = {
  "Blob storage (Langfuse)": "BlobStorageIntegration",
  Exports: "BatchExport",
  Tables: "ExportTable",
};

/** Methods whose name cannot be derived. */
const names: Record<string, string> = { getBatchExportManifest: "manifest", getExportSchema: "getSchema" };

/** `Audit logs` becomes `auditLogs`, `API keys` becomes `apiKeys`; what stands in parentheses is left out. */
const namespaceOf = (tag: string): string =>
  tag
    .replace(/\(.*\)/, "")
    .trim()
    .replaceAll(/\W+(\w)/g, (_, letter: string) => letter.toUpperCase())
    .replace(/^[A-Z]+(?=[A-Z])|^[A-Z]/, (letters) => letters.toLowerCase());

const capitalized = (name: string): string => name.replace(/^./, (letter) => letter.toUpperCase());

/** `listIntegrationRuns` of `Integrations` becomes `listRuns`. */
const methodOf = (operationId: string, tag: string): string => {
  const noun = nouns[tag] ?? capitalized(namespaceOf(tag)).replace(/s$/, "");
  const bare = operationId.replace(/^admin(?=[A-Z])/, "").replace(/^./, (letter) => letter.toLowerCase());
  return names[operationId] ?? (bare.replace(new RegExp(`${noun}s?(?![a-z])`), "") || bare);
};

/** The content of the successful answer; undefined if it has none, null if success is a redirect. */
const contentOf = ({ responses }: Operation): Record<string, { schema: Schema }> | undefined | null => {
  const success = Object.entries(responses).find(([status]) => status.startsWith("2"));
  return success === undefined ? null : success[1].content;
};

const isPaginated = (document: ApiDocument, operation: Operation): boolean => {
  const schema = contentOf(operation)?.["application/json"]?.schema;
  const properties = (schema?.$ref === undefined ? schema : document.components.schemas[schema.$ref.split("/").at(-1) ?? ""])?.properties;
  const isAsked = operation.parameters?.some((one) => one.in === "query" && (one.name === "cursor" || one.name === "page")) ?? false;
  return isAsked && properties?.["data"] !== undefined && (properties["nextCursor"] ?? properties["meta"]) !== undefined;
};

const methodCode = (document: ApiDocument, operation: Operation, tag: string): string => {
  const { operationId, parameters = [], requestBody, summary, description } = operation;
  const type = capitalized(operationId);
  const inPath = parameters.filter((one) => one.in === "path").map(({ name }) => name);
  const inQuery = parameters.filter((one) => one.in === "query");
  const isKeyed = parameters.some((one) => one.in === "header" && one.name.toLowerCase() === "idempotency-key");
  const needsQuery = inQuery.some(({ required }) => required === true);
  const args = [
    ...inPath.map((name) => `${name}: types.${type}Data["path"]["${name}"]`),
    ...(requestBody === undefined ? [] : [`body${requestBody.required === true ? "" : "?"}: types.${type}Data["body"]`]),
    ...(inQuery.length === 0 ? [] : [`query${needsQuery ? "" : "?"}: types.${type}Data["query"]`]),
    `options?: ${isKeyed ? "CreateOptions" : "RequestOptions"}`,
  ];
  const input = [
    ...(inPath.length === 0 ? [] : [`path: { ${inPath.join(", ")} }`]),
    ...(requestBody === undefined ? [] : ["body"]),
    ...(inQuery.length === 0 ? [] : ["query"]),
    ...(isKeyed ? ["isKeyed: true"] : []),
  ];
  const call = `this.#send<types.${type}Response>(sdk.${operationId}, ${input.length === 0 ? "{}" : `{ ${input.join(", ")} }`}, options)`;
  const body = isPaginated(document, operation)
    ? `new Paginated((next) => ${call.replace("query }", "query: { ...query, ...next } }")})`
    : call;
  const text = description === undefined ? summary : `${summary}. ${description}`;
  return `    /** ${text.replaceAll("*/", "*\\/").replaceAll("\n", " ")} */
    ${methodOf(operationId, tag)}: (${args.join(", ")}) => ${body},`;
};

/** Events and redirects to files have methods of their own in the client. */
const hasOwnMethod = (operation: Operation): boolean => {
  const content = contentOf(operation);
  return content === null || content?.["text/event-stream"] !== undefined;
};

/** People sign in with a browser: no key can call these operations. */
const tagOfPeople = "Account";

/** Returns the text of `methods.gen.ts`. Throws if two operations get the same name. */
export const clientMethods = (document: ApiDocument): string => {
  const operations = Object.values(document.paths)
    .flatMap((methods) => Object.values(methods))
    .filter(({ tags }) => !tags.includes(tagOfPeople));
  const tags = [...new Set(operations.map(({ tags: [tag = ""] }) => tag))].toSorted();
  const namespaces = tags.map((tag) => {
    const own = operations.filter((one) => one.tags[0] === tag && !hasOwnMethod(one));
    const taken = own.map(({ operationId }) => methodOf(operationId, tag));
    const twice = taken.find((name, index) => taken.indexOf(name) !== index);
    if (twice !== undefined)
      throw new Error(`Two operations of the tag ${tag} become ${namespaceOf(tag)}.${twice}; name one in openapi/client-methods.ts.`);
    return `  readonly ${namespaceOf(tag)} = {\n${own.map((one) => methodCode(document, one, tag)).join("\n")}\n  };`;
  });
  return `// Generated by openapi/client-methods.ts from the document. Do not edit.
import { Paginated } from "../paginated.ts";
import type { CreateOptions, RequestOptions, Send } from "../send.ts";
import * as sdk from "./sdk.gen.ts";
import type * as types from "./types.gen.ts";

/** One method for each operation, with path parameters first, then the body, then the query. */
export class Methods {
  readonly #send: Send;
  constructor(send: Send) {
    this.#send = send;
  }

${namespaces.join("\n\n")}
}
`;
};
