/**
 * The OpenAPI document: what the routes declare, with the words that many of them share. A parameter or schema that describes itself keeps
 * its description. openapi/lint.ts demands a description of every tag, parameter and named schema.
 */
import type { App } from "../../deps.ts";
import { parameterDescriptions, schemaDescriptions, tagDescriptions } from "./descriptions.ts";
import { propertyDescriptions } from "./property-descriptions.ts";

const documentConfig = {
  openapi: "3.1.0",
  info: {
    title: "Spillway",
    version: "0.1.0",
    description:
      "Ingests traces of LLM applications and exports them as verified files.\n\nSend `Authorization: Basic base64(publicKey:secretKey)`, or `Bearer secretKey`. People in a browser have a session cookie, and name the project in the header `X-Spillway-Project`. Errors are `application/problem+json` with a stable `code`; each operation lists its codes.",
    license: { name: "MIT", identifier: "MIT" },
  },
  servers: [{ url: "/", description: "The server that this document is from." }],
  tags: Object.entries(tagDescriptions).map(([name, description]) => ({ name, description })),
};

export const documentInfo = documentConfig.info;

type Document = ReturnType<App["getOpenAPI31Document"]>;
type PathItem = NonNullable<Document["paths"]>[string];
type Described = { description?: string };

const methods = ["get", "put", "post", "delete", "patch"] as const;

export const apiDocument = (app: App): Document => {
  const document = app.getOpenAPI31Document(documentConfig);
  const schemas = Object.entries(document.components?.schemas ?? {}).map(([name, schema]) => [
    name,
    describeProperties(describe(schema, schemaDescriptions[name]), name),
  ]);
  const paths = Object.entries(document.paths ?? {}).map(([path, item]) => [path, describePath(item)]);
  return { ...document, paths: Object.fromEntries(paths), components: { ...document.components, schemas: Object.fromEntries(schemas) } };
};

const describePath = (item: PathItem): PathItem => {
  const described = methods.flatMap((method) => {
    const operation = item[method];
    return operation === undefined
      ? []
      : [[method, describeProperties({ ...operation, ...describeParameters(operation.parameters) }, operation.operationId ?? method)]];
  });
  return { ...item, ...Object.fromEntries(described) };
};

const describeParameters = <P extends object>(parameters: readonly P[] | undefined): { parameters?: P[] } =>
  parameters === undefined
    ? {}
    : { parameters: parameters.map((one) => describe(one, "name" in one ? parameterDescriptions[String(one.name)] : undefined)) };

const describe = <D extends object>(one: D & Described & { schema?: Described }, description: string | undefined): D & Described =>
  one.description !== undefined || (one.schema?.description ?? description) === undefined
    ? one
    : { ...one, description: one.schema?.description ?? description };

/** Gives every property of the schemas below a description, at any depth. `holder` is the schema or property that holds them. */
const describeProperties = <Node>(node: Node, holder: string): Node => {
  if (Array.isArray(node)) return node.map((one) => describeProperties(one, holder)) as Node;
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([field, value]) => {
      if (texts.has(field)) return [field, value];
      return [field, field === "properties" ? describeEach(value, holder) : describeProperties(value, holder)];
    }),
  ) as Node;
};

/** Fields of a document that hold values, not schemas. */
const texts: ReadonlySet<string> = new Set(["example", "examples", "default", "enum", "const", "required"]);

const describeEach = (properties: Record<string, object>, holder: string): Record<string, object> =>
  Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      const described = describeProperties(property, name);
      const description = propertyDescriptions[`${holder}.${name}`] ?? propertyDescriptions[name];
      return [name, "$ref" in described ? described : describe(described, description)];
    }),
  );
