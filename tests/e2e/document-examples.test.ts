/** The examples of the API document are sent to a running stack: each is taken, and answers have the shape of the documented ones. */
import { beforeAll, expect, it } from "vitest";
import { useWholeStack } from "../support/whole-stack.ts";

type Media = { example?: unknown };
type Operation = {
  operationId: string;
  security?: Record<string, string[]>[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { content?: Record<string, Media> }>;
};

type Sent = { method: string; path: string; operation: Operation };

const { stack, connection, authorization } = useWholeStack();
let operations: Sent[];
/** Ids that the bodies and paths of examples name: those that the stack made. */
const ids: Record<string, string> = {};

beforeAll(async () => {
  const document = (await (await fetch(`${connection().baseUrl}/api/public/openapi.json`)).json()) as {
    paths: Record<string, Record<string, Operation>>;
  };
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
});

/** The kind of each value: what an example shows without saying which value it will be. */
const shapeOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== "object" || value === null) return value === null ? null : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]));
};

const exampleOf = (content: Record<string, Media> | undefined): unknown => content?.["application/json"]?.example;

const send = ({ method, path, operation }: Sent, body: unknown): Promise<Response> =>
  fetch(`${connection().baseUrl}${path}`, {
    method,
    headers: {
      authorization: operation.security?.some((one) => "adminKey" in one) ? `Bearer ${stack().adminKey}` : authorization(),
      "content-type": "application/json",
      // Signing in is for browsers.
      origin: stack().apiUrl,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

/** Examples that are read and then refused: the object has not got as far as they need, or the example's token is nobody's. */
const refused: Record<string, [status: number, code: string]> = {
  backfillIntegration: [409, "INTEGRATION_NOT_STARTED"],
  updateMember: [404, "NOT_FOUND"],
  verifySignIn: [410, "SIGN_IN_LINK_INVALID"],
};

/** The example with the ids of this stack. The key is of the stack's project; what administrators create refers to what they created. */
const withIds = (body: unknown, path: string): unknown =>
  typeof body !== "object" || body === null || Array.isArray(body)
    ? body
    : Object.fromEntries(
        Object.entries({ ...body }).map(([field, value]) => {
          const id = path.startsWith("/api/admin/")
            ? ids[`/api/admin/${field.replace(/Id$/, "s")}`]
            : { projectId: stack().projectId }[field];
          return [field, id ?? value];
        }),
      );

/** The path of one table, or `/integrations/{id}` with the id of what the example of `/integrations` created. Undefined if nothing was. */
const pathWithId = (template: string): string | undefined => {
  const path = template.replace("{table}", "events");
  const [collection = "", rest] = path.split("/{id}");
  const id = ids[collection];
  // Nobody creates a member in one request.
  if (collection === "/api/public/members" && rest !== undefined) return `${collection}/none${rest}`;
  return rest === undefined ? path : id === undefined ? undefined : `${collection}/${id}${rest}`;
};

it("every operation that takes a JSON body has an example", () => {
  const without = operations.filter(
    ({ operation }) => operation.requestBody !== undefined && exampleOf(operation.requestBody.content) === undefined,
  );
  expect(without.map(({ operation }) => operation.operationId)).toEqual([]);
});

it("every example of a request is taken, and its answer has the shape of the documented example", async () => {
  const tried: string[] = [];
  // What deletes comes last.
  for (const one of operations.toSorted((a, b) => Number(a.method === "DELETE") - Number(b.method === "DELETE"))) {
    const { operation } = one;
    const { operationId } = operation;
    const body = exampleOf(operation.requestBody?.content);
    const [status = "", answer] = Object.entries(operation.responses).find(([code]) => code.startsWith("2")) ?? [];
    const expected = exampleOf(answer?.content);
    const path = pathWithId(one.path);
    if ((body === undefined && expected === undefined) || path === undefined || path.includes("{")) continue;
    const response = await send({ ...one, path }, withIds(body, one.path));
    const text = await response.text();
    tried.push(operationId);
    if (refused[operationId] !== undefined) {
      const [refusal, code] = refused[operationId];
      expect([operationId, response.status, text]).toEqual([operationId, refusal, expect.stringContaining(code)]);
      continue;
    }
    expect([operationId, response.status, response.ok ? "" : text]).toEqual([operationId, Number(status), ""]);
    const shown: unknown = text === "" ? undefined : JSON.parse(text);
    if (expected !== undefined) expect([operationId, shapeOf(shown)]).toEqual([operationId, shapeOf(expected)]);
    if (typeof shown === "object" && shown !== null && "id" in shown) ids[one.path] = String(shown.id);
  }
  const withBody = operations.filter(({ operation }) => operation.requestBody !== undefined).map(({ operation }) => operation.operationId);
  expect(tried).toEqual(expect.arrayContaining([...withBody, "getHealth", "getReadiness"]));
});
