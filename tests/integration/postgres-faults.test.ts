import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { execute } from "../../db/postgres/client.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";

let fixture: Fixture;

beforeAll(async () => {
  fixture = await createFixture();
  await fixture.query(
    `INSERT INTO events (project_id, trace_id, span_id, start_time, name, input, event_ts)
     SELECT '${fixture.projectId}', concat('t', toString(number)), concat('s', toString(number)), toDateTime64('2026-01-01 00:00:00', 6, 'UTC') + toIntervalMillisecond(number), 'n',
       repeat('payload ', 40), now64(6) FROM numbers(60000)`,
  );
});
afterAll(() => fixture.stop());

it("exports survive a Postgres that ends every connection of the runner again and again", async () => {
  const runner = fixture.startRunner({
    SPILLWAY_SLICE_MIB: "2",
    SPILLWAY_LEASE_SECONDS: "5",
    SPILLWAY_SELF_FENCE_SECONDS: "4",
    SPILLWAY_REAPER_SECONDS: "0.5",
  });
  try {
    const ids = await Promise.all(
      Array.from({ length: 3 }, () => fixture.requestExport({ format: "JSONL", query: { tableName: "events" } }, 10)),
    );
    let kills = 0;
    const ending = Promise.all(ids.map((id) => fixture.finished(id)));
    let isDone = false;
    void ending.finally(() => {
      isDone = true;
    });
    while (!isDone && kills < 15) {
      const rows = await execute<{ ended: boolean }>(
        fixture.db,
        sql`select pg_terminate_backend(pid) as ended from pg_stat_activity where application_name = 'spillway-runner' and datname = current_database()`,
      );
      if (rows.length > 0) kills++;
      await new Promise((resolve) => setTimeout(resolve, 120));
    }
    for (const row of await ending) {
      expect(row.log).toBeNull();
      expect(row.status).toBe("COMPLETED");
      expect((await fixture.readExport(row)).trimEnd().split("\n")).toHaveLength(60_000);
    }
    expect(kills).toBeGreaterThan(3);
  } finally {
    await runner.stop();
  }
});
