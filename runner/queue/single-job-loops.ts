/** The loops of kinds whose jobs run one by one, each under a lease of its own. They are claimed as many at a time as have a free place. */
import type { JobKind } from "../../core/jobs/kinds.ts";
import type { Tracer } from "../../core/telemetry/tracer.ts";
import type { Database } from "../../db/postgres/client.ts";
import { claimLimitedJobs } from "../../db/queue/claim-limited-jobs.ts";
import { claimUnlimitedJobs } from "../../db/queue/claim-unlimited-jobs.ts";
import { heartbeatJob } from "../../db/queue/heartbeat-job.ts";
import type { Bus } from "../bus.ts";
import type { Clock, Handler, Log } from "../deps.ts";
import { type LoopConfig, startLoop } from "./job-loop.ts";
import type { Polling } from "./polling.ts";
import { createProjectConcurrency } from "./project-concurrency.ts";

type SingleJobDeps = {
  db: Database;
  clock: Clock;
  log: Log;
  bus: Bus;
  tracer: Tracer;
  random: () => number;
  handlerOf: (kind: JobKind) => Handler;
  isDue: () => Promise<boolean>;
};

type SingleJobConfig = LoopConfig & { claimedBy: string; leaseSeconds: number };

/** Projects take turns, and one project leaves a place to the others. */
export const startRoundRobinLoop = (deps: SingleJobDeps, kind: JobKind, config: SingleJobConfig): Polling => {
  const perProject = createProjectConcurrency(config.concurrency);
  const { projectJobsMax } = perProject;
  const lease = { claimedBy: config.claimedBy, leaseSeconds: config.leaseSeconds };
  let afterProjectId = "";
  const claim = async (jobsMax: number) => {
    const allowances = perProject.allowances();
    const jobs = await claimUnlimitedJobs(deps.db, { ...lease, kind, jobsMax, afterProjectId, projectJobsMax, allowances });
    afterProjectId = jobs.at(-1)?.projectId ?? afterProjectId;
    return jobs;
  };
  return startLoop({ ...deps, claim, perProject, heartbeat: heartbeatWith(deps, config) }, config);
};

/** All kinds together. `projectRunningMax`: limit of a project that has none of its own, across all runners. */
export const startLimitedLoop = (
  deps: SingleJobDeps,
  kinds: readonly JobKind[],
  { projectRunningMax, ...config }: SingleJobConfig & { projectRunningMax: number },
): Polling => {
  const lease = { claimedBy: config.claimedBy, leaseSeconds: config.leaseSeconds };
  const claim = (jobsMax: number) => claimLimitedJobs(deps.db, { ...lease, kinds, jobsMax, projectRunningMax });
  return startLoop({ ...deps, claim, heartbeat: heartbeatWith(deps, config) }, config);
};

const heartbeatWith =
  ({ db }: SingleJobDeps, { leaseSeconds }: SingleJobConfig) =>
  (job: { id: string; leaseId: string; attempt: number }) =>
    heartbeatJob(db, job, leaseSeconds);
