/**
 * `npm run bench:queue [-- --jobs 10000 --rounds 5 --waiting 500000 --claims 50]`: jobs without work a second beside graphile-worker on the
 * same Postgres, in turn, and the time of a claim while many projects wait. Method and figures: docs/benchmarks.md.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { execute, openPostgres } from "../../db/postgres/client.ts";
import { migratePostgres } from "../../db/postgres/migrate.ts";
import { startPostgres } from "../postgres/start.ts";
import { measureClaims } from "./queue-claims.ts";
import { graphileWorker, ownQueue } from "./queue-throughput.ts";

const option = (name: string, fallback: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? fallback : Number(process.argv[at + 1]);
};
const jobs = option("jobs", 10_000);
const rounds = option("rounds", 5);
const waiting = option("waiting", 500_000);
const claims = option("claims", 50);

const projects = 5000;
const dir = mkdtempSync(join(tmpdir(), "spillway-bench-queue-"));
chmodSync(dir, 0o755);
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const postgres = await startPostgres({ dataDir: join(dir, "postgres"), logFile: join(dir, "postgres.log") });
const { db, close } = openPostgres(postgres.url, { connectionsMax: 2 });

const measureThroughput = async (): Promise<void> => {
  const { url } = postgres;
  const ways = [
    await graphileWorker(url, "graphile-worker"),
    await graphileWorker(url, "graphile-worker, batches of 16", {
      preset: { worker: { localQueue: { size: 16 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    }),
    ownQueue(url, "no limit, one project", { kind: "mail.send", projects: 1 }),
    ownQueue(url, "no limit, 100 projects", { kind: "mail.send", projects: 100 }),
    ownQueue(url, "limit of 16, one project", { kind: "export.run", projects: 1, projectRunningMax: 16 }),
    ownQueue(url, "limit of 2, 100 projects", { kind: "export.run", projects: 100, projectRunningMax: 2 }),
  ];
  const seconds = ways.map((): number[] => []);
  for (let round = 0; round < rounds; round++)
    for (const [at, way] of ways.entries()) {
      await execute(db, sql`checkpoint`);
      seconds[at]?.push(await way.drain(jobs));
    }
  for (const way of ways) await way.close();
  const [base = Number.NaN] = seconds.map(median);
  console.log(
    `\n${jobs} jobs without work, 16 at once, ${rounds} rounds\n\n| | a second | slowest, fastest round | of graphile-worker |\n| --- | --- | --- | --- |`,
  );
  for (const [at, { name }] of ways.entries()) {
    const own = seconds[at] ?? [];
    const rate = (s: number) => Math.round(jobs / s);
    console.log(
      `| ${name} | ${rate(median(own))} | ${rate(Math.max(...own))}, ${rate(Math.min(...own))} | ${(base / median(own)).toFixed(2)} |`,
    );
  }
};

try {
  await migratePostgres(postgres.url);
  await execute(db, sql`insert into organizations (id, name) values ('bench', 'Bench')`);
  await execute(
    db,
    sql`insert into projects (id, org_id, name) select 'prj_' || substr(md5(g::text), 1, 20), 'bench', 'Bench' from generate_series(1, ${projects}) g`,
  );
  if (rounds > 0) await measureThroughput();
  if (waiting > 0) await measureClaims(postgres.url, { projects, waiting, claims });
} finally {
  await close();
  await postgres.stop();
  rmSync(dir, { recursive: true, force: true });
}
process.exit(0);
