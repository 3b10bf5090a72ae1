import { LangfuseClient } from "@langfuse/client";
import { sql } from "drizzle-orm";
import { Langfuse } from "langfuse";
import { beforeAll, describe, expect, it } from "vitest";
import { execute } from "../../db/postgres/client.ts";
import { eventWith, uniqueIds } from "../support/sent-event.ts";
import { waitSeconds } from "../support/wait-seconds.ts";
import { type ProjectKey, useWholeStack } from "../support/whole-stack.ts";

const { accepted, authorization, call, connection, db, json, newProject, post, rows, settled, stack } = useWholeStack();
const unique = uniqueIds();
const event = eventWith(unique);

let client: LangfuseClient;
let client3: Langfuse;
let foreign: ProjectKey;
beforeAll(async () => {
  client = new LangfuseClient({ ...connection(), timeout: waitSeconds });
  client3 = new Langfuse({ ...connection(), requestTimeout: 60_000 });
  foreign = await newProject("scored-elsewhere");
});

const send = (body: unknown, headers: Record<string, string> = {}) => post(JSON.stringify(body), headers, "scores");
const score = <More extends object>(more: More) => ({ traceId: unique("trace"), name: "good", value: 1, ...more });
const stored = (id: string) => rows(`SELECT id, project_id FROM scores FINAL WHERE id = '${id}'`);

describe("POST /api/public/scores", () => {
  it("stores a score that is read back as it was sent, by the clients of both SDKs", async () => {
    const said = {
      name: "helpful",
      value: 0.75,
      dataType: "NUMERIC" as const,
      comment: "close",
      metadata: { by: "judge", nested: { deep: [1] } },
      environment: "staging",
      configId: "config",
      queueId: "queue",
    };
    const traceId = unique("trace");
    const { id } = await client3.api.scoreCreate({ ...said, traceId, observationId: "o", id: unique("score") });
    const { id: word } = await client.api.legacy.scoreV1.create({ sessionId: "s", name: "tone", value: "kind" });
    const { id: flag } = await client.api.scores.create({ traceId, name: "solved", value: 1, dataType: "BOOLEAN" });
    expect(word).toMatch(/^[0-9a-f-]{36}$/);
    await settled();
    const { metadata } = said;
    expect(await client.api.scores.getById(id)).toMatchObject({ ...said, metadata, id, traceId, observationId: "o", source: "API" });
    expect(await client.api.scores.getById(word)).toMatchObject({ sessionId: "s", dataType: "CATEGORICAL", stringValue: "kind" });
    expect(await client.api.scores.getById(flag)).toMatchObject({ dataType: "BOOLEAN", value: 1, stringValue: "True", traceId });
  });

  it("is the way of a score-create event: one file with its origin, one row in the log, and the same score with one of a batch", async () => {
    const id = unique("score");
    const said = score({ id });
    expect((await send(said, { "x-langfuse-sdk-name": "mine" })).status).toBe(200);
    await accepted([event("score-create", { ...said, comment: "of a batch" }, -60)]);
    await settled();
    const log = await execute(db(), sql`select entity_type as type, trace_id as "traceId" from event_log where entity_id = ${id}`);
    expect(log).toEqual([1, 2].map(() => ({ type: "score", traceId: said.traceId })));
    expect(await json(`scores/${id}`)).toMatchObject({ id, value: 1, comment: "of a batch" });
  });

  it("sent again with its id is the same score, with what was said last", async () => {
    const said = score({ id: unique("score") });
    await send(said);
    await send({ ...said, value: 0.5 });
    await settled();
    expect(await rows(`SELECT value FROM scores FINAL WHERE trace_id = '${said.traceId}'`)).toEqual([{ value: 0.5 }]);
  });

  it("takes a public key alone", async () => {
    const said = score({ id: unique("score") });
    const response = await send(said, { authorization: `Bearer ${stack().publicKey}` });
    expect([response.status, await response.json()]).toEqual([200, { id: said.id }]);
    await settled();
    expect(await stored(said.id)).toEqual([{ id: said.id, project_id: stack().projectId }]);
  });

  it("belongs to the project of its key, whatever it says, and ids of two projects do not meet", async () => {
    const id = unique("score");
    await send(score({ id, projectId: foreign.projectId }));
    await send(score({ id, name: "theirs" }), { authorization: authorization(foreign) });
    await settled();
    const found = await rows(`SELECT project_id, name FROM scores FINAL WHERE id = '${id}' ORDER BY name`);
    expect(found).toEqual([
      { project_id: stack().projectId, name: "good" },
      { project_id: foreign.projectId, name: "theirs" },
    ]);
  });

  it.each<[string, unknown, string[]]>([
    ["no target", { name: "n", value: 1 }, [""]],
    ["two targets", score({ sessionId: "s" }), [""]],
    ["no name and no value", { traceId: "t" }, ["name", "value"]],
    ["a value that is none", score({ value: { a: 1 } }), ["value"]],
    ["a value of another type", score({ value: "x", dataType: "NUMERIC" }), ["value"]],
    ["an unknown type", score({ dataType: "STARS" }), ["dataType"]],
    ["an evaluator's source", score({ source: "EVAL" }), ["source"]],
    ["an annotation without config", score({ source: "ANNOTATION" }), ["configId"]],
    ["an id with control characters", score({ id: "a\u0000b" }), ["id"]],
    ["an empty id", score({ id: "" }), ["id"]],
    ["a name with NUL", score({ name: "a\u0000b" }), ["name"]],
    ["a name without end", score({ name: "x".repeat(140_000) }), ["name"]],
    ["a list", [score({})], [""]],
    ["nothing", null, [""]],
  ])("%s is refused with the fields at fault, and nothing is stored", async (_, body, paths) => {
    const before = await execute(db(), sql`select count(*) from event_log`);
    const response = await send(body);
    const problem = (await response.json()) as { code: string; errors: { path: string; message: string }[] };
    expect([response.status, problem.code]).toEqual([400, "INVALID_REQUEST"]);
    expect(problem.errors.map(({ path }) => path).toSorted()).toEqual(paths);
    for (const { message } of problem.errors) expect(message).toMatch(/\w+ \w+/);
    expect(await execute(db(), sql`select count(*) from event_log`)).toEqual(before);
  });

  it.each<[string, () => Promise<Response>, number, string]>([
    ["no key", () => send(score({}), { authorization: "" }), 401, "UNAUTHENTICATED"],
    ["a public key nobody has", () => send(score({}), { authorization: "Bearer pk-lf-unknown" }), 401, "UNAUTHENTICATED"],
    ["no JSON", () => post("{", {}, "scores"), 400, "INVALID_JSON"],
    ["a body above 4.5 MB", () => send(score({ comment: "x".repeat(5_000_000) })), 413, "PAYLOAD_TOO_LARGE"],
  ])("to %s is a clean refusal", async (_, send, status, code) => {
    const response = await send();
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code]);
  });

  it("leaves the list under the same path with its own authorisation", async () => {
    expect((await call("scores", {}, { authorization: "" })).status).toBe(401);
    expect((await call("scores", {}, { authorization: `Bearer ${stack().publicKey}` })).status).toBe(401);
    expect((await call("scores")).status).toBe(200);
  });
});

describe("DELETE /api/public/scores/{scoreId}", () => {
  it("takes the score, its log and its object, by the clients of both SDKs, and no other's", async () => {
    const [first, second, kept] = [unique("score"), `${unique("score")}/ä b`, unique("score")];
    for (const id of [first, second, kept]) await client.api.scores.create(score({ id }));
    await send(score({ id: first }), { authorization: authorization(foreign) });
    await settled();
    await client3.api.scoreDelete(first);
    await client.api.legacy.scoreV1.delete(second);
    await settled();
    expect(await rows(`SELECT id, project_id FROM scores WHERE id IN ('${first}', '${second}', '${kept}') ORDER BY id`)).toEqual(
      [
        { id: first, project_id: foreign.projectId },
        { id: kept, project_id: stack().projectId },
      ].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    );
    const log = await execute<{ id: string; projectId: string }>(
      db(),
      sql`select entity_id as id, project_id as "projectId" from event_log where entity_id in (${first}, ${second}, ${kept}) order by 1`,
    );
    expect(log).toHaveLength(2);
    await expect(client.api.scores.getById(first)).rejects.toMatchObject({ statusCode: 404 });
  });

  it("answers 202, also for one that nobody knows, and writes an audit row", async () => {
    const id = unique("score");
    const response = await call(`scores/${id}`, { method: "DELETE" });
    expect([response.status, await response.json()]).toEqual([202, { message: expect.any(String) }]);
    const audit = await execute(
      db(),
      sql`select resource_id as id from audit_logs where resource_type = 'score' and action = 'delete' order by created_at desc limit 1`,
    );
    expect(audit).toEqual([{ id }]);
    await settled();
  });

  it.each<[string, string, Record<string, string>, number, string]>([
    ["without a key", "scores/x", { authorization: "" }, 401, "UNAUTHENTICATED"],
    ["with an id that cannot be", "scores/%00", {}, 400, "INVALID_REQUEST"],
    ["of all scores", "scores", {}, 405, "METHOD_NOT_ALLOWED"],
  ])("%s is refused", async (_, path, headers, status, code) => {
    const response = await call(path, { method: "DELETE" }, headers);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code]);
  });

  it("with a public key alone is refused", async () => {
    const response = await call("scores/x", { method: "DELETE" }, { authorization: `Bearer ${stack().publicKey}` });
    expect(response.status).toBe(401);
  });
});

describe("GET /api/public/projects", () => {
  it("is the project of the key, by which the SDK makes the address of a trace", async () => {
    const { data } = await client.api.projects.get();
    expect(data).toEqual([
      { id: stack().projectId, name: expect.any(String), organization: { id: expect.any(String), name: expect.any(String) }, metadata: {} },
    ]);
    expect(await client.getTraceUrl("t1")).toBe(`${stack().apiUrl}/project/${stack().projectId}/traces/t1`);
    const theirs = await call("projects", {}, { authorization: authorization(foreign) });
    expect(await theirs.json()).toMatchObject({ data: [{ id: foreign.projectId, name: "scored-elsewhere" }] });
    expect((await call("projects", {}, { authorization: "" })).status).toBe(401);
  });

  it("says after how many days everything is deleted", async () => {
    await execute(db(), sql`update projects set retention_days = 30 where id = ${foreign.projectId}`);
    const response = await call("projects", {}, { authorization: authorization(foreign) });
    expect(await response.json()).toMatchObject({ data: [{ retentionDays: 30 }] });
  });
});
