/** Scores that came before the span they name, whose observation has a long id: each is merged again once, however many batches touch the observation. Real engines. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createClickHouse } from "../../db/clickhouse/client.ts";
import { execute } from "../../db/postgres/client.ts";
import { settleBatch } from "../../db/queue/settle-batch.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { createIngestionBatches } from "../support/ingestion-batches.ts";

let fixture: Fixture;
let batches: ReturnType<typeof createIngestionBatches>;
beforeAll(async () => {
  fixture = await createFixture();
  const clickhouse = createClickHouse({ url: fixture.clickhouseUrl, user: "default", password: "", database: fixture.database }, fetch);
  batches = createIngestionBatches(fixture, { clickhouse });
});
afterAll(() => fixture.stop());

const traceId = "b".repeat(32);
const spanId = "1".padStart(16, "0");
const longId = `${traceId}-${spanId}`;
let sent = 0;
const event = (type: string, body: object) => ({ id: `event-${++sent}`, timestamp: "2026-11-22T12:00:00.000Z", type, body });
const scores = Array.from({ length: 3 }, (_, index) => ({
  id: `score-${index}`,
  traceId,
  observationId: spanId,
  name: "quality",
  value: 1,
}));

const scoreJobs = async (): Promise<number> => {
  const [row] = await execute<{ jobs: number }>(
    fixture.db,
    sql`select count(*)::int as jobs from jobs where kind = 'ingestion.merge' and payload->>'entityType' = 'score'`,
  );
  return row?.jobs ?? -1;
};

it("one job for each score that points at the plain id, however many batches write the observation, and none for others", async () => {
  await fixture.ingest([
    ...scores.map((body) => event("score-create", body)),
    event("score-create", { id: "elsewhere", traceId, observationId: "2".padStart(16, "0"), name: "quality", value: 1 }),
  ]);
  expect(await batches.drained()).toEqual([]);
  for (let update = 0; update < 5; update++)
    await fixture.ingest([event("span-update", { id: longId, traceId, name: `update ${update}` })]);
  for (let batchesDone = 0; batchesDone < 5; batchesDone++) {
    const batch = await batches.claim(1);
    expect(batch.jobs.map(({ payload }) => payload)).toMatchObject([{ entityType: "observation", entityId: longId }]);
    await settleBatch(fixture.db, batch.leaseId, await batches.processed(batch));
  }
  expect(await scoreJobs()).toBe(scores.length);
  expect(await batches.drained()).toEqual([]);
  const stored = await fixture.query(`SELECT id FROM scores FINAL WHERE observation_id = '${longId}' ORDER BY id FORMAT TSV`);
  expect(stored.trim().split("\n")).toEqual(scores.map(({ id }) => id));
  await fixture.ingest([event("span-update", { id: longId, traceId, name: "once more" })]);
  const batch = await batches.claim();
  await settleBatch(fixture.db, batch.leaseId, await batches.processed(batch));
  expect(await scoreJobs()).toBe(0);
});
