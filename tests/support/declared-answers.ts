/** Compares answers of the API with its document: a status or error code that the operation does not declare fails the test that got it. */
import { readFileSync } from "node:fs";

type Schema = { allOf?: Schema[]; properties?: { code?: { enum?: string[] } } };
type Operation = { responses: Record<string, { content?: Record<string, { schema: Schema }> }> };
type Document = { paths: Record<string, Record<string, Operation>> };
export type Answer = { method: string; path: string; status: number; code: string | undefined };

/** Codes that belong to no operation: nobody knows the path, or the path has no such method. */
const ofNoOperation = new Set(["ROUTE_NOT_FOUND", "METHOD_NOT_ALLOWED"]);

const codesOf = (schema: Schema): string[] => [
  ...(schema.properties?.code?.enum ?? []),
  ...(schema.allOf ?? []).flatMap((one) => codesOf(one)),
];

/** Says what is undeclared about an answer; undefined where all of it is declared, or no operation is concerned. */
export const undeclared = (document: Document): ((answer: Answer) => string | undefined) => {
  // A path without parameters comes before one whose parameter would match it.
  const patterns = Object.entries(document.paths)
    .toSorted(([a], [b]) => a.split("{").length - b.split("{").length)
    .map(([path, operations]) => ({ path, operations, pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, "[^/]+")}$`) }));
  return ({ method, path, status, code }) => {
    if (code !== undefined && ofNoOperation.has(code)) return undefined;
    const found = patterns.find(({ pattern }) => pattern.test(path));
    const operation = found?.operations[(method === "HEAD" ? "GET" : method).toLowerCase()];
    if (found === undefined || operation === undefined) return undefined;
    const where = `${method} ${found.path}`;
    const response = operation.responses[String(status)];
    if (response === undefined) return `${where} answered ${status}${code === undefined ? "" : ` ${code}`}, and declares no ${status}`;
    if (code === undefined) return undefined;
    const declared = codesOf(response.content?.["application/problem+json"]?.schema ?? {});
    return declared.includes(code) ? undefined : `${where} answered ${status} ${code}, and declares ${declared.join(", ")}`;
  };
};

export const documentOfApi = (): Document =>
  JSON.parse(readFileSync(new URL("../../openapi/openapi.json", import.meta.url), "utf8")) as Document;

/** Codes each operation declares, by `METHOD path`. */
export const declaredCodes = ({ paths }: Document): Map<string, string[]> =>
  new Map(
    Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, { responses }]): [string, string[]] => [
        `${method.toUpperCase()} ${path}`,
        Object.values(responses).flatMap(({ content }) => codesOf(content?.["application/problem+json"]?.schema ?? {})),
      ]),
    ),
  );
