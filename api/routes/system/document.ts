/**
 * The OpenAPI document: what the routes declare, with the words that many of them share. A parameter or schema that describes itself keeps
 * its description. openapi/lint.ts demands a description of every tag, parameter and named schema.
 */
import type { App } from "../../deps.ts";
import { parameterDescriptions, schemaDescriptions, tagDescriptions } from "./descriptions.ts";

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
    describe(schema, schemaDescriptions[name]),
  ]);
  const paths = Object.entries(document.paths ?? {}).map(([path, item]) => [path, describePath(item)]);
  return { ...document, paths: Object.fromEntries(paths), components: { ...document.components, schemas: Object.fromEntries(schemas) } };
};

const describePath = (item: PathItem): PathItem => {
  const described = methods.flatMap((method) => {
    const operation = item[method];
    return operation === undefined ? [] : [[method, { ...operation, ...describeParameters(operation.parameters) }]];
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
