import { LangfuseClient } from "@langfuse/client";
import { beforeAll, describe, expect, it } from "vitest";
import { ScoreV3 } from "../../api/routes/scores/resource.ts";
import { at, eventWith, uniqueIds } from "../support/sent-event.ts";
import { waitSeconds } from "../support/wait-seconds.ts";
import { type ProjectKey, useWholeStack } from "../support/whole-stack.ts";

const { accepted, authorization, call, connection, ingest, json, newProject, settled, stack } = useWholeStack();
const event = eventWith(uniqueIds());

type Page = { data: Record<string, unknown>[]; meta: { limit: number; cursor?: string } };
const pathOf = (query: Record<string, string>) => `v3/scores?${new URLSearchParams(query)}`;
const page = (query: Record<string, string>): Promise<Page> => json<Page>(pathOf(query));
const idsOf = ({ data }: Page) => data.map(({ id }) => String(id)).toSorted();

const said = {
  number: { traceId: "t", name: "n", value: 0.5, comment: "c", metadata: { by: { deep: 1 } }, queueId: "q", configId: "k" },
  flag: { traceId: "t", observationId: "o", name: "f", value: 1, dataType: "BOOLEAN" },
  word: { sessionId: "s", name: "w", value: "kind", dataType: "CATEGORICAL" },
  text: { datasetRunId: "r", name: "x", value: "all good", dataType: "TEXT" },
  fix: { traceId: "t", name: "output", value: "better", dataType: "CORRECTION", environment: "staging" },
};

let foreign: ProjectKey;
beforeAll(async () => {
  foreign = await newProject("scored-by-cursor");
  const events = Object.entries(said).map(([id, body]) => event("score-create", { id, ...body }, -100));
  const crowd = Array.from({ length: 23 }, (_, i) => event("score-create", { id: `crowd-${i}`, traceId: "c", name: "crowd", value: i }));
  await accepted([...events, ...crowd]);
  await ingest([event("score-create", { id: "theirs", traceId: "t", name: "n", value: 1 })], { authorization: authorization(foreign) });
  await settled();
});

describe("GET /api/public/v3/scores", () => {
  it("gives each score one value of its type, and the groups that are asked for, to the unchanged client", async () => {
    const client = new LangfuseClient({ ...connection(), timeout: waitSeconds });
    const { data, meta } = await client.api.scoresV3.getManyV3({ id: Object.keys(said).join(","), fields: "details,subject,annotation" });
    const found = Object.fromEntries(data.map((score) => [score.id, score]));
    const shared = {
      projectId: stack().projectId,
      source: "API",
      timestamp: at(-100),
      environment: "default",
      comment: null,
      metadata: {},
    };
    expect(meta).toEqual({ limit: 50 });
    expect(found).toEqual({
      number: expect.objectContaining({
        ...{ ...shared, value: 0.5, dataType: "NUMERIC", comment: "c", metadata: { by: { deep: 1 } } },
        ...{ queueId: "q", configId: "k", authorUserId: null, subject: { kind: "trace", id: "t" } },
      }),
      flag: expect.objectContaining({
        ...shared,
        value: true,
        dataType: "BOOLEAN",
        subject: { kind: "observation", id: "o", traceId: "t" },
      }),
      word: expect.objectContaining({ ...shared, value: "kind", dataType: "CATEGORICAL", subject: { kind: "session", id: "s" } }),
      text: expect.objectContaining({ ...shared, value: "all good", dataType: "TEXT", subject: { kind: "experiment", id: "r" } }),
      fix: expect.objectContaining({
        value: "better",
        dataType: "CORRECTION",
        environment: "staging",
        subject: { kind: "trace", id: "t" },
      }),
    });
    for (const score of data) ScoreV3.parse(score);
    const [bare] = (await page({ id: "number" })).data;
    const core = ["id", "projectId", "name", "value", "dataType", "source", "timestamp", "environment", "createdAt", "updatedAt"];
    expect(Object.keys(bare ?? {})).toEqual(core);
  });

  it.each([1, 5, 22, 23, 100])("in pages of %i holds each score of one instant once", async (limit) => {
    const ids: string[] = [];
    for (let cursor: string | undefined = ""; cursor !== undefined; ) {
      const { data, meta }: Page = await page({ name: "crowd", limit: String(limit), cursor });
      ids.push(...data.map(({ id }) => String(id)));
      cursor = meta.cursor;
    }
    expect(ids.toSorted()).toEqual(Array.from({ length: 23 }, (_, i) => `crowd-${i}`).toSorted());
  });

  it.each<[Record<string, string>, string[]]>([
    [{ name: "n,w" }, ["number", "word"]],
    [{ dataType: "boolean,Text" }, ["flag", "text"]],
    [{ source: "eval" }, []],
    [{ environment: "staging" }, ["fix"]],
    [{ configId: "k" }, ["number"]],
    [{ queueId: "q" }, ["number"]],
    [{ authorUserId: "nobody" }, []],
    [{ traceId: "t" }, ["fix", "flag", "number"]],
    [{ traceId: "t", observationId: "o" }, ["flag"]],
    [{ sessionId: "s" }, ["word"]],
    [{ experimentId: "r" }, ["text"]],
    [{ dataType: "NUMERIC", value: "0.5,7" }, ["crowd-7", "number"]],
    [{ dataType: "NUMERIC", valueMin: "0.5", valueMax: "1" }, ["crowd-1", "number"]],
    [{ dataType: "BOOLEAN", value: "true" }, ["flag"]],
    [{ dataType: "BOOLEAN", value: "false" }, []],
    [{ dataType: "CATEGORICAL", value: "kind,cruel" }, ["word"]],
    [{ toTimestamp: at(-100) }, []],
    [{ fromTimestamp: at(-100), toTimestamp: at(-99) }, ["fix", "flag", "number", "text", "word"]],
  ])("by %o", async (query, expected) => {
    expect(idsOf(await page(query))).toEqual(expected);
  });

  it.each<[Record<string, string>, string, string]>([
    [{ cursor: "x" }, "INVALID_CURSOR", "cursor"],
    [{ limit: "101" }, "INVALID_REQUEST", "limit"],
    [{ limit: "0" }, "INVALID_REQUEST", "limit"],
    [{ fields: "trace" }, "INVALID_REQUEST", "fields[0]"],
    [{ unknown: "1" }, "INVALID_REQUEST", "unknown"],
    [{ dataType: "STARS" }, "INVALID_REQUEST", "dataType[0]"],
    [{ value: "1" }, "INVALID_REQUEST", "dataType"],
    [{ value: "1", dataType: "NUMERIC,BOOLEAN" }, "INVALID_REQUEST", "dataType"],
    [{ value: "x", dataType: "TEXT" }, "INVALID_REQUEST", "dataType"],
    [{ value: "x", dataType: "NUMERIC" }, "INVALID_REQUEST", "value"],
    [{ value: "1", dataType: "BOOLEAN" }, "INVALID_REQUEST", "value"],
    [{ valueMin: "1" }, "INVALID_REQUEST", "dataType"],
    [{ observationId: "o" }, "INVALID_REQUEST", "traceId"],
    [{ traceId: "t", sessionId: "s" }, "INVALID_REQUEST", "traceId"],
  ])("refuses %o by the name of its field", async (query, code, path) => {
    const response = await call(pathOf(query));
    const problem = (await response.json()) as { code: string; errors: { path: string }[] };
    expect([response.status, problem.code, problem.errors.map((one) => one.path)]).toEqual([400, code, [path]]);
  });

  it("shows a key its own project only", async () => {
    const response = await call("v3/scores", {}, { authorization: authorization(foreign) });
    expect(idsOf((await response.json()) as Page)).toEqual(["theirs"]);
    expect((await call("v3/scores", {}, { authorization: "" })).status).toBe(401);
  });
});
