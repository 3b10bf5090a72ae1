/** The loops of kinds whose jobs run one by one, each under a lease of its own. They are claimed as many at a time as have a free place. */
import type { JobKind } from "../../core/jobs/kinds.ts";
import type { Tracer } from "../../core/telemetry/tracer.ts";
import type { Database } from "../../db/postgres/client.ts";
import { claimLimitedJobs } from "../../db/queue/claim-limited-jobs.ts";
import { claimUnlimitedJobs } from "../../db/queue/claim-unlimited-jobs.ts";
import type { ClaimedJob } from "../../db/queue/claimed-job.ts";
import { heartbeatJob } from "../../db/queue/heartbeat-job.ts";
import type { Bus } from "../bus.ts";
import type { Clock, Handler, Log } from "../deps.ts";
import { type LoopConfig, startLoop } from "./job-loop.ts";
import type { Polling } from "./polling.ts";
import { createProjectConcurrency, type ProjectConcurrency } from "./project-concurrency.ts";

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

type RoundRobin = Pick<ProjectConcurrency, "began" | "ended"> & { claim: (jobsMax: number) => Promise<readonly ClaimedJob[]> };

/** The claims of one loop: remembers whose turn is next, and how many jobs of each project run. One claim at a time. */
export const createRoundRobin = (
  db: Database,
  kind: JobKind,
  { concurrency, claimedBy, leaseSeconds }: Pick<SingleJobConfig, "concurrency" | "claimedBy" | "leaseSeconds">,
): RoundRobin => {
  const perProject = createProjectConcurrency(concurrency);
  const { projectJobsMax } = perProject;
  let afterProjectId = "";
  /** The last claim took all that it might, and no job has ended since: asking again at once would find nothing. */
  let isExhausted = false;
  let jobsEnded = 0;
  return {
    began: perProject.began,
    ended: (projectId) => {
      jobsEnded++;
      isExhausted = false;
      perProject.ended(projectId);
    },
    claim: async (jobsMax) => {
      const wasExhausted = isExhausted;
      isExhausted = false;
      if (wasExhausted) return [];
      const before = jobsEnded;
      const allowances = perProject.allowances();
      const asked = { kind, jobsMax, afterProjectId, projectJobsMax, allowances, claimedBy, leaseSeconds };
      const { jobs, mayBeMore } = await claimUnlimitedJobs(db, asked);
      isExhausted = jobs.length > 0 && !mayBeMore && before === jobsEnded;
      // After a claim that has reached every project, any may begin.
      afterProjectId = mayBeMore ? (jobs.at(-1)?.projectId ?? "") : "";
      return jobs;
    },
  };
};

/** Projects take turns, and one project leaves a place to the others. */
export const startRoundRobinLoop = (deps: SingleJobDeps, kind: JobKind, config: SingleJobConfig): Polling => {
  const roundRobin = createRoundRobin(deps.db, kind, config);
  return startLoop({ ...deps, claim: roundRobin.claim, perProject: roundRobin, heartbeat: heartbeatWith(deps, config) }, config);
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
