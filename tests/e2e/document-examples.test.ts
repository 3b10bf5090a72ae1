/** The examples of the API document are sent to a running stack: each is taken, and answers have the shape of the documented ones. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Stack, startStack } from "../../local/stack.ts";

type Media = { example?: unknown };
type Operation = {
  operationId: string;
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { content?: Record<string, Media> }>;
};

let stack: Stack;
let dir: string;
let operations: { method: string; path: string; operation: Operation }[];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "spillway-examples-"));
  chmodSync(dir, 0o755);
  stack = await startStack({ dataDir: dir, apiPort: 0, env: {} });
  const document = (await (await fetch(`${stack.apiUrl}/api/public/openapi.json`)).json()) as {
    paths: Record<string, Record<string, Operation>>;
  };
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}, 600_000);
afterAll(async () => {
  await stack.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** The kind of each value: what an example shows without saying which value it will be. */
const shapeOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== "object" || value === null) return value === null ? null : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]));
};

const exampleOf = (content: Record<string, Media> | undefined): unknown => content?.["application/json"]?.example;

const send = ({ method, path }: { method: string; path: string }, body: unknown): Promise<Response> =>
  fetch(`${stack.apiUrl}${path}`, {
    method,
    headers: { authorization: `Basic ${btoa(`${stack.publicKey}:${stack.secretKey}`)}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

it("every example of a request is taken, and its answer has the shape of the documented example", async () => {
  const tried: string[] = [];
  // What deletes comes last.
  for (const one of operations.toSorted((a, b) => Number(a.method === "DELETE") - Number(b.method === "DELETE"))) {
    const { operation, path } = one;
    const body = exampleOf(operation.requestBody?.content);
    const [status = "", answer] = Object.entries(operation.responses).find(([code]) => code.startsWith("2")) ?? [];
    const expected = exampleOf(answer?.content);
    if ((body === undefined && expected === undefined) || path.includes("{")) continue;
    const response = await send(one, body);
    const text = await response.text();
    expect([operation.operationId, response.status, response.ok ? "" : text]).toEqual([operation.operationId, Number(status), ""]);
    if (expected !== undefined)
      expect([operation.operationId, shapeOf(JSON.parse(text))]).toEqual([operation.operationId, shapeOf(expected)]);
    tried.push(operation.operationId);
  }
  expect(tried).toEqual(
    expect.arrayContaining([
      "createBatchExport",
      "estimateBatchExport",
      "ingest",
      "exportOtelTraces",
      "createScore",
      "createComment",
      "createModel",
      "deleteTraces",
      "getHealth",
      "getReadiness",
    ]),
  );
});
