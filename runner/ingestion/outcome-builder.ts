/** Ingestion: collects what becomes of the jobs of one batch. The batch is settled as a whole at its end. */
import { nextAttempt } from "../../core/jobs/next-attempt.ts";
import { failureOf } from "../../db/postgres/failure.ts";
import type { BatchJob } from "../../db/queue/claim-batch.ts";
import type { BatchOutcome } from "../../db/queue/settle-batch.ts";
import type { Log } from "../deps.ts";

type OutcomeDeps = { log: Log; random: () => number };

/** Expects each job once. */
export const createOutcomeBuilder = ({ log, random }: OutcomeDeps) => {
  const doneIds: string[] = [];
  const failed: BatchOutcome["failed"][number][] = [];
  const released: BatchOutcome["released"][number][] = [];
  const deferred: BatchJob[] = [];
  const release = (jobs: readonly BatchJob[], orderingKey: string | null): void => {
    released.push(...jobs.map(({ id }) => ({ id, orderingKey })));
  };
  return {
    done: (jobs: readonly BatchJob[]): void => void doneIds.push(...jobs.map(({ id }) => id)),
    /** Retries or discards each job, by the failure and the attempts of the job. */
    fail: (jobs: readonly BatchJob[], error: unknown): void => {
      const failure = failureOf(error);
      const described = { code: failure.code, message: failure.message, detail: failure.detail };
      for (const { id, attempt, maxAttempts } of jobs) {
        const next = nextAttempt(failure, { kind: "ingestion.merge", attempt, maxAttempts, random: random() });
        const isFinal = next.decision === "discard";
        failed.push({ id, error: described, isFinal, delaySeconds: next.decision === "retry" ? next.delaySeconds : 0 });
      }
      log("warn", "ingestion_failed", { jobs: jobs.length, error_code: failure.code, error: failure.message, detail: failure.detail });
    },
    /** Gives jobs back without spending an attempt, under another ordering key if one is given. */
    release,
    /** Releases jobs of a project that has had its share of this batch. They are claimed again later, in turn with other projects. */
    defer: (jobs: readonly BatchJob[]): void => {
      release(jobs, null);
      deferred.push(...jobs);
    },
    logDeferred: (): void => {
      for (const [projectId, jobs] of Map.groupBy(deferred, (job) => job.projectId))
        log("info", "ingestion_deferred", { project_id: projectId, jobs: jobs.length });
    },
    build: (): BatchOutcome => ({ doneIds, failed, released }),
  };
};

export type OutcomeBuilder = ReturnType<typeof createOutcomeBuilder>;
