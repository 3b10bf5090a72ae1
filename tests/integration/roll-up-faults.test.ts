/** A trace whose roll-ups cannot be settled fails alone. Real engines, but for the one query that is made to fail. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { AppError } from "../../core/errors.ts";
import { createClickHouse } from "../../db/clickhouse/client.ts";
import { settleBatch } from "../../db/queue/settle-batch.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { createIngestionBatches } from "../support/ingestion-batches.ts";
import { storeSpans } from "../support/store-spans.ts";

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(() => fixture.stop());

it("a trace whose stored usage cannot be read holds up none of its neighbours", async () => {
  const real = createClickHouse({ url: fixture.clickhouseUrl, user: "default", password: "", database: fixture.database }, fetch);
  const bad = "bad0".padEnd(32, "0");
  const traceIds = [...Array.from({ length: 7 }, (_, index) => String(index + 1).padStart(32, "a")), bad];
  const clickhouse: typeof real = {
    ...real,
    queryRows: (query) =>
      query.sql.includes("carries_usage") && JSON.stringify(query.params).includes(bad)
        ? Promise.reject(new AppError({ code: "INTERNAL", message: "A trace nobody can read." }))
        : real.queryRows(query),
  };
  const batches = createIngestionBatches(fixture, { clickhouse });
  for (const [index, traceId] of traceIds.entries()) await storeSpans(fixture, traceId, (index + 1).toString(16).padStart(16, "0"));
  const batch = await batches.claim();
  const outcome = await batches.processed(batch);
  const orderingKeysOf = (ids: readonly string[]) => [
    ...new Set(batch.jobs.filter(({ id }) => ids.includes(id)).map(({ orderingKey }) => orderingKey)),
  ];
  await settleBatch(fixture.db, batch.leaseId, outcome);
  expect(orderingKeysOf(outcome.failed.map(({ id }) => id))).toEqual([expect.stringContaining(bad)]);
  expect(orderingKeysOf(outcome.doneIds)).toHaveLength(7);
});
