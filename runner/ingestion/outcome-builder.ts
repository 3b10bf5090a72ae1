/** Ingestion: collects what becomes of the jobs of one batch. The batch is settled as a whole at its end. */
import { isOutage, nextAttempt } from "../../core/jobs/next-attempt.ts";
import { failureOf } from "../../db/postgres/failure.ts";
import type { BatchJob } from "../../db/queue/claim-batch.ts";
import type { BatchOutcome } from "../../db/queue/settle-batch.ts";
import type { Log } from "../deps.ts";
import type { Entity } from "./read-slice.ts";

type OutcomeDeps = { log: Log; random: () => number };

type Settled = Pick<Entity, "projectId" | "entityType" | "entityId" | "orderingKey" | "jobs" | "requestJobs">;

/** An entity of a request that is left: it gets a job of its own, so that the rest of its trace is not done again. */
export type LeftEntity = Settled;

/**
 * Expects each job once, and each entity once. The job of a trace of a request is done at the end of the batch, unless an outage keeps one
 * of its entities from being written.
 */
export const createOutcomeBuilder = ({ log, random }: OutcomeDeps) => {
  const doneIds: string[] = [];
  const failed = new Map<string, BatchOutcome["failed"][number]>();
  const released: BatchOutcome["released"][number][] = [];
  const deferred: BatchJob[] = [];
  const opened: BatchJob[] = [];
  const left: LeftEntity[] = [];
  const releaseJobs = (jobs: readonly BatchJob[], orderingKey: string | null): void => {
    released.push(...jobs.map(({ id }) => ({ id, orderingKey })));
  };
  const failJobs = (jobs: readonly BatchJob[], error: unknown): void => {
    const failure = failureOf(error);
    const described = { code: failure.code, message: failure.message, detail: failure.detail };
    for (const { id, attempt, maxAttempts } of jobs) {
      const next = nextAttempt(failure, { kind: "ingestion.merge", attempt, maxAttempts, random: random() });
      const isFinal = next.decision === "discard";
      failed.set(id, { id, error: described, isFinal, delaySeconds: next.decision === "retry" ? next.delaySeconds : 0 });
    }
    log("warn", "ingestion_failed", { jobs: jobs.length, error_code: failure.code, error: failure.message, detail: failure.detail });
  };
  /** A job of the entity alone is tried again anyway, and reads the request too. */
  const isWithoutJob = ({ jobs, requestJobs }: Settled) => jobs.length === 0 && requestJobs.length > 0;
  const leave = (entity: Settled, orderingKey: string | null): void => {
    if (isWithoutJob(entity)) left.push({ ...entity, orderingKey: orderingKey ?? entity.orderingKey });
  };
  const release = (entity: Settled, orderingKey: string | null): void => {
    releaseJobs(entity.jobs, orderingKey);
    leave(entity, orderingKey);
  };
  return {
    done: ({ jobs }: Settled): void => void doneIds.push(...jobs.map(({ id }) => id)),
    /** Retries or discards each job, by the failure and the attempts of the job. */
    failJobs,
    fail: (entities: readonly Settled[], error: unknown): void => {
      const own = entities.flatMap(({ jobs }) => jobs);
      const isShared = isOutage(failureOf(error));
      failJobs(isShared ? [...new Set([...own, ...entities.flatMap(({ requestJobs }) => requestJobs)])] : own, error);
      if (!isShared) for (const entity of entities) leave(entity, null);
    },
    /** Gives jobs back without spending an attempt, under another ordering key if one is given. */
    release,
    /** Releases jobs of a project that has had its share of this batch. They are claimed again later, in turn with other projects. */
    deferJobs: (jobs: readonly BatchJob[]): void => {
      releaseJobs(jobs, null);
      deferred.push(...jobs);
    },
    defer: (entity: Settled): void => {
      release(entity, null);
      deferred.push(...entity.jobs);
    },
    /** Jobs of requests whose entities are all in the batch. */
    open: (jobs: readonly BatchJob[]): void => void opened.push(...jobs),
    /** Without entities whose trace is done again: its job would leave them once more with each retry. */
    left: (): readonly LeftEntity[] => left.filter(({ requestJobs }) => !requestJobs.some(({ id }) => failed.get(id)?.isFinal === false)),
    logDeferred: (): void => {
      for (const [projectId, jobs] of Map.groupBy(deferred, (job) => job.projectId))
        log("info", "ingestion_deferred", { project_id: projectId, jobs: jobs.length });
    },
    build: (): BatchOutcome => ({
      doneIds: [...doneIds, ...opened.flatMap(({ id }) => (failed.has(id) ? [] : [id]))],
      failed: [...failed.values()],
      released,
    }),
  };
};

export type OutcomeBuilder = ReturnType<typeof createOutcomeBuilder>;
