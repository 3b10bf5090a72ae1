/** Windows of an integration delivered to a bucket, on the real engines. */
import { setTimeout as wait } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WindowManifest } from "../../core/integrations/storage/window-manifest.ts";
import { execute } from "../../db/postgres/client.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { encryptionKey, insertIntegration, listRuns, readIntegration } from "../support/integration-rows.ts";
import { waitSeconds } from "../support/wait-seconds.ts";

let fixture: Fixture;
let lines: Record<string, unknown>[];
let runner: { stop: () => Promise<void> };

/** What the runners of these tests need besides the usual. Nobody but they writes, so no lag is needed. */
const env = { ENCRYPTION_KEY: encryptionKey, SPILLWAY_INTEGRATION_LAG_SECONDS: "0", SPILLWAY_INTEGRATION_TICK_SECONDS: "1" };

beforeAll(async () => {
  fixture = await createFixture();
  lines = [];
  runner = fixture.startRunner(env, lines);
});
afterAll(async () => {
  await runner.stop();
  await fixture.stop();
});

const storage = (more: Record<string, unknown> = {}) => ({
  type: "S3_COMPATIBLE",
  bucketName: fixture.s3Config.bucket,
  endpoint: fixture.s3Config.endpoint,
  region: "us-east-1",
  fileType: "JSONL",
  compression: "none",
  prefix: "delivered/",
  ...more,
});
const secret = () => ({ accessKeyId: fixture.s3Config.accessKeyId, secretAccessKey: fixture.s3Config.secretAccessKey });

const hourMs = 3_600_000;
/** The last full hour, which is over. */
const lastHour = Math.floor(Date.now() / hourMs) * hourMs;
const clickHouseTime = (ms: number) => new Date(ms).toISOString().replace("T", " ").replace("Z", "");

const insertTraces = (
  rows: readonly { id: string; name: string; writtenMs: number; isDeleted?: boolean }[],
  projectId = fixture.projectId,
) =>
  fixture.query(
    "INSERT INTO traces FORMAT JSONEachRow",
    rows
      .map(({ id, name, writtenMs, isDeleted = false }) =>
        JSON.stringify({
          project_id: projectId,
          id,
          name,
          timestamp: clickHouseTime(lastHour - 9 * hourMs),
          event_ts: clickHouseTime(writtenMs),
          is_deleted: isDeleted ? 1 : 0,
        }),
      )
      .join("\n"),
  );

const eventually = async (what: string, isTrue: () => Promise<boolean>) => {
  for (const end = Date.now() + waitSeconds * 1000; Date.now() < end; await wait(50)) if (await isTrue()) return;
  throw new Error(`not in time: ${what}; the runner said last: ${JSON.stringify(lines.slice(-10))}`);
};

const deliveredThrough = (id: string, end: string) =>
  eventually(`delivered through ${end}`, async () => ((await readIntegration(fixture, id)).cursor ?? "") >= end);

const readManifest = async (key: string | null) => WindowManifest.parse(JSON.parse((await fixture.readObject(key ?? "")).toString("utf8")));

const readLines = async (key: string): Promise<Record<string, unknown>[]> =>
  (await fixture.readObject(key))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("an integration with its full history", () => {
  it("delivers every hour since the first row once, each row in the hour it was written", async () => {
    await insertTraces([
      { id: "a", name: "first", writtenMs: lastHour - 3 * hourMs + 5_000 },
      { id: "b", name: "boundary", writtenMs: lastHour - 2 * hourMs },
      { id: "a", name: "revised", writtenMs: lastHour - hourMs + 7 },
    ]);
    const id = await insertIntegration(fixture, {
      kind: "blob_storage",
      settings: storage(),
      secret: secret(),
      tables: ["traces", "scores"],
    });
    await deliveredThrough(id, new Date(lastHour).toISOString());
    const runs = await listRuns(fixture, id);
    expect(runs.map(({ state, start, end, rows }) => [state, start, end, rows])).toEqual([
      ["completed", new Date(lastHour - 3 * hourMs + 5_000).toISOString(), new Date(lastHour - 2 * hourMs).toISOString(), 1],
      ["completed", new Date(lastHour - 2 * hourMs).toISOString(), new Date(lastHour - hourMs).toISOString(), 1],
      ["completed", new Date(lastHour - hourMs).toISOString(), new Date(lastHour).toISOString(), 1],
    ]);
    const names: unknown[] = [];
    for (const { manifestKey } of runs)
      for (const { key, table } of (await readManifest(manifestKey)).files)
        for (const row of await readLines(key)) names.push([table, row["id"], row["name"], row["_deleted"]]);
    expect(names).toEqual([
      ["traces", "a", "first", false],
      ["traces", "b", "boundary", false],
      ["traces", "a", "revised", false],
    ]);
    expect(await readIntegration(fixture, id)).toMatchObject({ enabled: true, failures: 0, lastError: null });
    const events = await execute<{ type: string }>(fixture.db, sql`select type from outbox where object_id = ${id} order by position`);
    expect(events.map(({ type }) => type)).toEqual(Array.from({ length: 3 }, () => "integration.run_completed"));
  });
});
