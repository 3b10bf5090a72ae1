/** Part of `npm run bench:queue`: jobs without work a second, through the loops of the runner and through graphile-worker. */
import { sql } from "drizzle-orm";
import { Logger, type RunnerOptions, run, runMigrations } from "graphile-worker";
import { type JobKind, jobKinds } from "../../core/jobs/kinds.ts";
import { jobState } from "../../core/jobs/state.ts";
import { noTracer } from "../../core/telemetry/tracer.ts";
import { execute, openPostgres } from "../../db/postgres/client.ts";
import { settleJobs } from "../../db/queue/settle-job.ts";
import { createBus } from "../../runner/bus.ts";
import { systemClock } from "../../runner/clock.ts";
import { type Handler, LeaseLost } from "../../runner/deps.ts";
import { groupSettlements } from "../../runner/queue/group-settlements.ts";
import type { Polling } from "../../runner/queue/polling.ts";
import { startLimitedLoop, startRoundRobinLoop } from "../../runner/queue/single-job-loops.ts";

/** One way through a queue: returns the seconds from the first start of a job to the last settlement. */
export type Way = { name: string; drain: (jobs: number) => Promise<number>; close: () => Promise<void> };

const atOnce = 16;

/** Counts settlements. The clock runs from the first start to the last settlement. */
const countTo = (jobs: number) => {
  const ended = Promise.withResolvers<number>();
  let startedMs: number | undefined;
  let settled = 0;
  return {
    seconds: ended.promise,
    begun: () => {
      startedMs ??= performance.now();
    },
    settled: () => {
      if (++settled === jobs) ended.resolve((performance.now() - (startedMs ?? Number.NaN)) / 1000);
    },
    failed: ended.reject,
  };
};

/** Without options: as it comes, each job claimed and completed by a statement of its own. */
export const graphileWorker = async (
  url: string,
  name: string,
  options: Partial<RunnerOptions> & Pick<RunnerOptions, "preset"> = {},
): Promise<Way> => {
  const logger = new Logger(() => () => {});
  await runMigrations({ connectionString: url, logger });
  const { db, close } = openPostgres(url, { connectionsMax: 1 });
  return {
    name,
    close,
    drain: async (jobs) => {
      await execute(db, sql`truncate graphile_worker._private_jobs`);
      await execute(
        db,
        sql`select count(*) from graphile_worker.add_jobs(array(
          select row('nothing', '{}', null, now(), 8::smallint, null, 0::smallint, null)::graphile_worker.job_spec from generate_series(1, ${jobs})))`,
      );
      await execute(db, sql`analyze graphile_worker._private_jobs`);
      const counted = countTo(jobs);
      const runner = await run({
        ...{ connectionString: url, concurrency: atOnce, maxPoolSize: atOnce + 2, noHandleSignals: true, logger },
        taskList: { nothing: () => counted.begun() },
        ...options,
      });
      runner.events.on("job:complete", ({ error }) => (error === null || error === undefined ? counted.settled() : counted.failed(error)));
      const seconds = await counted.seconds;
      await runner.stop();
      return seconds;
    },
  };
};

type Ours = { kind: JobKind; projects: number; projectRunningMax?: number };

/** A runner's loop with the settlements of its handlers, on the connections that a runner has. */
export const ownQueue = (url: string, name: string, { kind, projects, projectRunningMax }: Ours): Way => {
  const { db, close } = openPostgres(url);
  const isLimited = jobKinds[kind].claiming.how === "limitedPerProject";
  return {
    name,
    close,
    drain: async (jobs) => {
      await execute(db, sql`truncate jobs, job_slots`);
      await execute(db, sql`insert into job_slots (project_id) select id from projects order by id limit ${projects}`);
      await execute(
        db,
        sql`insert into jobs (kind, project_id, payload, state, priority, max_attempts, has_slot)
          select ${kind}, p.id, '{}', 'available', 100, 8, ${isLimited}
          from generate_series(1, ${jobs}) g join (select id, row_number() over (order by id) - 1 as at from projects order by id limit ${projects}) p on p.at = g % ${projects}`,
      );
      await execute(db, sql`analyze jobs`);
      await execute(db, sql`analyze job_slots`);
      const counted = countTo(jobs);
      const bus = createBus(() => {});
      bus.on("job.settled", counted.settled);
      bus.on("job.leaseLost", ({ job }) => counted.failed(new Error(`lost the lease of ${job.id}`)));
      const settleGrouped = groupSettlements({ clock: systemClock, settle: (ended) => settleJobs(db, ended) });
      const handler: Handler = {
        run: async ({ job }) => {
          counted.begun();
          if ((await settleGrouped(job, { state: jobState.completed })) === undefined) throw new LeaseLost();
        },
        settle: async (job, outcome) => (await settleGrouped(job, outcome)) !== undefined,
      };
      const deps = {
        ...{ db, clock: systemClock, log: () => {}, bus, tracer: noTracer, random: Math.random },
        ...{ handlerOf: () => handler, isDue: () => Promise.resolve(true) },
      };
      const config = {
        ...{ concurrency: atOnce, pollMs: 1000, pollIdleMs: 5000, graceSeconds: 5, claimedBy: "bench" },
        ...{ leaseSeconds: 60, heartbeatSeconds: 15, selfFenceSeconds: 40 },
      };
      const loop: Polling =
        projectRunningMax === undefined
          ? startRoundRobinLoop(deps, kind, config)
          : startLimitedLoop(deps, [kind], { ...config, projectRunningMax });
      const seconds = await counted.seconds;
      await loop.stop();
      return seconds;
    },
  };
};
