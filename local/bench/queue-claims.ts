/** Part of `npm run bench:queue`: the time of each kind of claim while many projects wait. */
import { readFileSync } from "node:fs";
import { type SQL, sql } from "drizzle-orm";
import { type JobKind, jobKinds } from "../../core/jobs/kinds.ts";
import { jobState } from "../../core/jobs/state.ts";
import { type Database, execute, openPostgres } from "../../db/postgres/client.ts";
import { claimBatch } from "../../db/queue/claim-batch.ts";
import { claimKeyedJobs } from "../../db/queue/claim-keyed-jobs.ts";
import { claimLimitedJobs } from "../../db/queue/claim-limited-jobs.ts";
import { claimUnlimitedJobs } from "../../db/queue/claim-unlimited-jobs.ts";
import type { ClaimedJob } from "../../db/queue/claimed-job.ts";
import { listDueWork } from "../../db/queue/list-due-work.ts";
import { settleBatch } from "../../db/queue/settle-batch.ts";
import { settleJobs } from "../../db/queue/settle-job.ts";

type Size = { projects: number; waiting: number; claims: number };

/** Returns the jobs claimed, and what settles them. */
type Claimed = { jobs: number; settle: () => Promise<unknown> };
type Case = {
  name: string;
  kind: JobKind;
  /** Waiting jobs; all but one project may be idle. */
  fill?: "all" | "one project";
  /** Ordering or concurrency key of job number `g` of project `p.id`. */
  lane?: SQL;
  concurrencyKey?: SQL;
  claim: () => Promise<Claimed>;
};

const lease = { claimedBy: "bench", leaseSeconds: 60 };
const nothing: Claimed = { jobs: 0, settle: () => Promise.resolve() };

const settleEach = (db: Database, jobs: readonly ClaimedJob[]): Claimed => ({
  jobs: jobs.length,
  settle: () =>
    settleJobs(
      db,
      jobs.map(({ id, leaseId, kind }) => ({ id, leaseId, kind, outcome: { state: jobState.completed } })),
    ),
});

const settleTogether = (db: Database, batch: { leaseId: string; jobs: readonly { id: string }[] } | undefined): Claimed =>
  batch === undefined
    ? nothing
    : {
        jobs: batch.jobs.length,
        settle: () => settleBatch(db, batch.leaseId, { doneIds: batch.jobs.map(({ id }) => id), failed: [], released: [] }),
      };

const casesOf = (db: Database): Case[] => {
  let afterProjectId = "";
  let afterKey = "";
  const limited = () =>
    claimLimitedJobs(db, { ...lease, kinds: ["export.run"], jobsMax: 16, projectRunningMax: 2 }).then((jobs) => settleEach(db, jobs));
  return [
    { name: "limited, 16 jobs", kind: "export.run", claim: limited },
    { name: "limited, one project waits", kind: "export.run", fill: "one project", claim: limited },
    {
      name: "unlimited, 16 jobs",
      kind: "ingestion.otel",
      claim: async () => {
        const { jobs } = await claimUnlimitedJobs(db, {
          ...lease,
          kind: "ingestion.otel",
          jobsMax: 16,
          afterProjectId,
          projectJobsMax: 15,
        });
        afterProjectId = jobs.at(-1)?.projectId ?? "";
        return settleEach(db, jobs);
      },
    },
    {
      name: "keyed, 64 jobs",
      kind: "webhook.deliver",
      concurrencyKey: sql`p.id`,
      claim: async () => {
        const batch = await claimKeyedJobs(db, { ...lease, kind: "webhook.deliver", jobsMax: 64, allowances: {}, afterKey });
        afterKey = batch?.jobs.map(({ concurrencyKey }) => concurrencyKey).at(-1) ?? "";
        return settleTogether(db, batch);
      },
    },
    ...[16, 100, 500].map(
      (jobsMax): Case => ({
        name: `batch of ingestion, ${jobsMax} jobs`,
        kind: "ingestion.merge",
        lane: sql`p.id || ':' || g % 20`,
        claim: async () => settleTogether(db, await claimBatch(db, { ...lease, kind: "ingestion.merge", jobsMax })),
      }),
    ),
  ];
};

/** The jobs of a project are due at different instants. */
const fill = async (
  db: Database,
  { projects, waiting }: Size,
  { kind, fill: which = "all", lane, concurrencyKey }: Case,
): Promise<void> => {
  await execute(db, sql`truncate jobs, job_slots, claim_clock`);
  await execute(db, sql`insert into job_slots (project_id, last_claimed_at) select id, now() from projects`);
  const perProject = Math.round(waiting / projects);
  await execute(
    db,
    sql`insert into jobs (kind, project_id, payload, state, priority, max_attempts, has_slot, run_at, lane, concurrency_key)
      select ${kind}, p.id, '{}', 'available', 100, 8, ${jobKinds[kind].claiming.how === "limitedPerProject"},
        now() - interval '1 hour' + g * interval '1 millisecond', ${lane ?? sql`null`}, ${concurrencyKey ?? sql`null`}
      from generate_series(1, ${perProject}) g, (select id from projects order by id desc limit ${which === "all" ? projects : 1}) p`,
  );
  await execute(db, sql`vacuum analyze jobs`);
  await execute(db, sql`vacuum analyze job_slots`);
  await execute(db, sql`checkpoint`);
};

/** CPU time of the connection's server process. It does not depend on what else the machine does. */
const cpuMsOf = (pid: number): number => Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]) / 1e6;

/** Two claims run at a time, as in a runner: each is settled after the next, outside the measured time. */
export const measureClaims = async (url: string, size: Size): Promise<void> => {
  const { db, close } = openPostgres(url, { connectionsMax: 1 });
  await execute(db, sql`select set_config('statement_timeout', '0', false)`);
  console.log(`\n${size.waiting} waiting jobs of ${size.projects} projects, ${size.claims} claims\n`);
  console.log(
    "| claim | jobs | median ms | worst ms | CPU of Postgres, median ms | what is due, ms |\n| --- | --- | --- | --- | --- | --- |",
  );
  for (const each of casesOf(db)) {
    await fill(db, size, each);
    const [ms, cpuMs, dueMs, jobs] = [[] as number[], [] as number[], [] as number[], [] as number[]];
    const [server] = await execute<{ pid: number }>(db, sql`select pg_backend_pid() as pid`);
    const cpu = () => cpuMsOf(server?.pid ?? 0);
    let before = nothing;
    for (let n = 0; n < size.claims; n++) {
      const askedMs = performance.now();
      await listDueWork(db, { kinds: [each.kind], consumers: [] });
      const startedMs = performance.now();
      const cpuBefore = cpu();
      const claimed = await each.claim();
      ms.push(performance.now() - startedMs);
      cpuMs.push(cpu() - cpuBefore);
      dueMs.push(startedMs - askedMs);
      jobs.push(claimed.jobs);
      await before.settle();
      before = claimed;
    }
    await before.settle();
    const at = (values: number[], share: number) => values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
    console.log(
      `| ${each.name} | ${at(jobs, 0.5)} | ${at(ms, 0.5).toFixed(1)} | ${Math.max(...ms).toFixed(1)} | ${at(cpuMs, 0.5).toFixed(1)} | ${at(dueMs, 0.5).toFixed(1)} |`,
    );
  }
  await close();
};
