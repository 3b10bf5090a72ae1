/** The errors of the API document: what is not declared is found, and what is declared is given by code that the route reaches. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { keyCodes, requireScopeCodes } from "../../api/middleware/auth.ts";
import { burstCodes } from "../../api/middleware/burst-limit.ts";
import { idempotentSecretCodes } from "../../api/middleware/idempotent.ts";
import { jsonBodyCodes } from "../../api/middleware/json-body.ts";
import { unforeseenCodes } from "../../api/middleware/problem.ts";
import { errorTable } from "../../core/errors.ts";
import { declaredCodes, documentOfApi, undeclared } from "../support/declared-answers.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const document = documentOfApi();
const declared = declaredCodes(document);

/** Given by middleware, which no route imports for its errors. */
const ofMiddleware = new Set<string>([
  ...keyCodes,
  ...requireScopeCodes,
  ...jsonBodyCodes,
  ...burstCodes,
  ...idempotentSecretCodes,
  ...unforeseenCodes,
]);

/** Tables of codes, and the types of all dependencies: they name what they do not throw. */
const namesOnly = new Set(["core/errors.ts", "core/engine-errors.ts", "api/deps.ts"]);

/** The code of a file without its declarations of codes. */
const sourceOf = (file: string): string =>
  readFileSync(join(root, file), "utf8")
    .replaceAll(/=\s*\[[^\]]*\] as const satisfies readonly ErrorCode\[\]/g, "")
    .replaceAll(/codes: \[[^\]]*\]|senderRoute\(\s*\[[^\]]*\]|adminRoute\(\s*\[[^\]]*\]/g, "")
    .replaceAll(/const createCodes[^=]*= \{[^}]*\}/g, "");

const importsOf = (file: string): string[] =>
  [...readFileSync(join(root, file), "utf8").matchAll(/from "(\.[^"]+)"/g)]
    .map(([, target]) => relative(root, join(root, dirname(file), target ?? "")))
    .filter((target) => existsSync(join(root, target)) && !namesOnly.has(target));

const reachableFrom = (file: string): Set<string> => {
  const seen = new Set([file]);
  for (const one of seen) for (const target of importsOf(one)) seen.add(target);
  return seen;
};

/** Route files by the operations they declare. */
const routes = readdirSync(join(root, "api/routes"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => `api/routes/${file}`)
  .flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(/operationId: "(\w+)"/g)].map(([, operationId]) => ({ file, operationId })),
  );

const codesOfOperation = (operationId: string | undefined): string[] => {
  for (const [path, operations] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(operations))
      if ((operation as { operationId?: string }).operationId === operationId) return declared.get(`${method.toUpperCase()} ${path}`) ?? [];
  return [];
};

describe("the API document", () => {
  it("differs from operation to operation in the errors it declares", () => {
    const sets = new Set([...declared.values()].map((codes) => codes.toSorted().join()));
    expect(sets.size).toBeGreaterThan(20);
    expect([...declared].filter(([, codes]) => codes.filter((code) => !ofMiddleware.has(code)).length > 22)).toEqual([]);
  });

  it("declares every code below the status of the table", () => {
    for (const operations of Object.values(document.paths))
      for (const { responses } of Object.values(operations))
        for (const [status, { content }] of Object.entries(responses)) {
          const schema = content?.["application/problem+json"]?.schema;
          for (const code of (schema?.allOf ?? []).flatMap((one) => one.properties?.code?.enum ?? []))
            expect([code, errorTable[code as keyof typeof errorTable].status]).toEqual([code, Number(status)]);
        }
  });

  it.each(routes.map(({ file, operationId }) => [operationId ?? "", file]))("%s gives each error it declares", (operationId, file) => {
    const source = [...reachableFrom(file)].map(sourceOf).join("\n");
    const unreachable = codesOfOperation(operationId).filter(
      (code) => !ofMiddleware.has(code) && !new RegExp(`\\b${code}\\b`).test(source),
    );
    expect(unreachable).toEqual([]);
  });
});

describe("an answer", () => {
  const faultOf = undeclared(document);
  const list = { method: "GET", path: "/api/public/batch-exports" };

  it("that is declared is no fault, whatever the id in its path, and HEAD is GET", () => {
    expect(faultOf({ ...list, status: 200, code: undefined })).toBeUndefined();
    expect(faultOf({ ...list, method: "HEAD", status: 200, code: undefined })).toBeUndefined();
    expect(faultOf({ ...list, path: `${list.path}/exp_1`, status: 404, code: "NOT_FOUND" })).toBeUndefined();
  });

  it("with an undeclared status or code is a fault", () => {
    expect(faultOf({ ...list, status: 418, code: undefined })).toContain("418");
    expect(faultOf({ ...list, status: 400, code: "INVALID_FILTER" })).toContain("INVALID_FILTER");
    expect(faultOf({ ...list, status: 404, code: "NOT_FOUND" })).toContain("declares no 404");
  });

  it("of no operation is no fault: unknown paths and methods", () => {
    expect(faultOf({ method: "GET", path: "/nowhere", status: 404, code: "ROUTE_NOT_FOUND" })).toBeUndefined();
    expect(faultOf({ method: "PUT", path: list.path, status: 405, code: "METHOD_NOT_ALLOWED" })).toBeUndefined();
  });
});
