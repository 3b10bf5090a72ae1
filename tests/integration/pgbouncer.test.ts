/**
 * Postgres behind PgBouncer in transaction mode (Debian package `pgbouncer`; without it this is skipped): a part of everything that could
 * depend on a session. `SPILLWAY_TEST_PGBOUNCER=1` runs any other file behind it too.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { execute, openPostgres } from "../../db/postgres/client.ts";
import { migratePostgres } from "../../db/postgres/migrate.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";
import { claimJob } from "../support/claim-job.ts";
import { createFixture, type Fixture, newId } from "../support/fixture.ts";
import { missingPgbouncer, startPgbouncer } from "../support/pgbouncer.ts";
import { insertJob, insertProject, jobState } from "../support/project.ts";
import { untilIngested } from "../support/until-ingested.ts";

const missing = missingPgbouncer();
if (missing !== undefined) console.warn(`SKIPPED: Postgres behind PgBouncer, because ${missing}`);

describe.skipIf(missing !== undefined)("behind PgBouncer in transaction mode", () => {
  let dir: string;
  let pooler: Awaited<ReturnType<typeof startPgbouncer>>;
  let fixture: Fixture;
  let databaseUrl: string;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "spillway-pgbouncer-"));
    pooler = await startPgbouncer(dir, inject("postgresUrl"));
    fixture = await createFixture({ pooled: pooler.pooled });
    databaseUrl = fixture.runnerEnv()["DATABASE_URL"] ?? "";
  });
  afterAll(async () => {
    await fixture?.stop();
    await pooler?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const event = (id: string, type: string, body: Record<string, unknown>) => ({ id, type, timestamp: "2026-10-01T12:00:00.000Z", body });
  const traces = (prefix: string) =>
    Array.from({ length: 20 }, (_, i) => event(`${prefix}-${i}`, "trace-create", { id: `${prefix}-${i}`, name: "trace" }));

  it("an address without ?pgbouncer=true is refused, because a session's limits come with it", async () => {
    const bare = openPostgres(databaseUrl.replace("?pgbouncer=true", ""), { connectionsMax: 1 });
    await expect(execute(bare.db, sql`select 1`)).rejects.toMatchObject({ cause: { code: "08P01" } });
    await bare.close();
    const marked = openPostgres(databaseUrl, { connectionsMax: 1 });
    expect(await execute(marked.db, sql`select 1 as one`)).toEqual([{ one: 1 }]);
    await marked.close();
  });

  it("forty claimers on eight connections claim each job once", async () => {
    const projectId = await insertProject(fixture.db);
    const jobs = await Promise.all(Array.from({ length: 30 }, () => insertJob(fixture.db, projectId)));
    const claimers = Array.from({ length: 40 }, () => openPostgres(databaseUrl, { connectionsMax: 1 }));
    const asked = { kinds: ["export.run"], leaseSeconds: 60, projectRunningMax: 100 } as const;
    const claimed: string[] = [];
    // A claimer that finds the project's row taken goes away empty, so all ask until nothing is left.
    while (claimed.length < jobs.length) {
      const round = await Promise.all(claimers.map(({ db }, i) => claimJob(db, { ...asked, claimedBy: `claimer-${i}` })));
      claimed.push(...round.flatMap((job) => (job === undefined ? [] : [job.id])));
    }
    const [{ servers } = { servers: 0 }] = await execute<{ servers: number }>(
      fixture.db,
      sql`select count(*)::int as servers from pg_stat_activity where datname = current_database()`,
    );
    await Promise.all(claimers.map(({ close }) => close()));
    expect(claimed.toSorted()).toEqual(jobs.toSorted());
    expect(servers).toBeLessThanOrEqual(8);
    for (const id of jobs) expect(await jobState(fixture.db, id)).toEqual({ state: "running", attempt: 1 });
    await execute(fixture.db, sql`delete from jobs`);
    await execute(fixture.db, sql`delete from job_slots`);
  });

  it("answers every statement of clients that ask for more at once than they have connections", async () => {
    const clients = Array.from({ length: 30 }, () => openPostgres(databaseUrl, { connectionsMax: 2 }));
    const ask = async (db: (typeof clients)[number]["db"], number: number): Promise<number> => {
      // One statement without parameters, one with, one transaction: the driver sends each of them in another way.
      const [plain] = await execute<{ n: number }>(db, sql.raw(`select ${number} as n`));
      const [bound] = await execute<{ n: number }>(db, sql`select ${number}::int as n`);
      const [within] = await db.transaction((tx) => execute<{ n: number }>(tx, sql`select ${number}::int as n`));
      return (plain?.n ?? 0) + (bound?.n ?? 0) + (within?.n ?? 0);
    };
    const numbers = Array.from({ length: 40 }, (_, number) => number);
    const answers = await Promise.all(clients.flatMap(({ db }) => numbers.map((number) => ask(db, number))));
    expect(answers).toEqual(clients.flatMap(() => numbers.map((number) => 3 * number)));
    await Promise.all(clients.map(({ close }) => close()));
  });

  it("two runners take events in, export them and delete them, with heartbeats and advisory locks", async () => {
    const runners = [fixture.startRunner(), fixture.startRunner()];
    try {
      await Promise.all([fixture.ingest(traces("a")), fixture.ingest(traces("b")), fixture.ingest(traces("c"))]);
      await untilIngested(fixture.db);
      const query = { tableName: "traces", orderBy: null, filter: [] };
      const row = await fixture.finished(await fixture.requestExport({ format: "JSONL", query }));
      expect((await fixture.readExport(row)).trim().split("\n")).toHaveLength(60);
      // The deletion takes the exclusive lock of the project while senders hold the shared one.
      await enqueueJob(fixture.db, {
        ...{ id: newId("job"), kind: "data.delete", projectId: fixture.projectId },
        payload: { scope: "traces", traceIds: traces("a").map(({ body }) => String(body["id"])) },
      });
      await Promise.all([fixture.ingest(traces("d")), fixture.ingest(traces("e"))]);
      await untilIngested(fixture.db);
    } finally {
      await Promise.all(runners.map((runner) => runner.stop()));
    }
    expect(await fixture.query("SELECT count() FROM traces FINAL FORMAT TSV")).toBe("80\n");
    const [{ held } = { held: -1 }] = await execute<{ held: number }>(
      fixture.db,
      sql`select count(*)::int as held from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
    );
    expect(held).toBe(0);
  });

  it("migrations are refused, because they limit their waits for locks by session: they need the direct address", async () => {
    await expect(migratePostgres(databaseUrl)).rejects.toMatchObject({ cause: { code: "08P01" } });
  });
});
