/**
 * Ingestion: repeats the jobs of a batch that ended after its lease. Its successor may have looked for older rows before the batch wrote
 * its own: if an event was sent again with another time in the meantime, nobody else knows under which sort key such a row lies.
 */
import { jobKinds } from "../../core/jobs/kinds.ts";
import type { JobBatch } from "../../db/queue/claim-batch.ts";
import { type EventJob, enqueueEventJobs } from "../../db/queue/enqueue-event-jobs.ts";
import type { EventStore } from "../../services/ingestion/event-store.ts";

type RepeatDeps = Pick<EventStore, "db" | "newJobId" | "sha256Hex">;

/** A job is not added while an unfinished one repeats the same, so that a runner that loses every lease does not fill the queue. */
export const repeatLateJobs = async ({ db, newJobId, sha256Hex }: RepeatDeps, { jobs }: Pick<JobBatch, "jobs">): Promise<void> => {
  for (const [projectId, ofProject] of Map.groupBy(jobs, (job) => job.projectId)) {
    const repeated = ofProject.flatMap(({ orderingKey, payload }): EventJob[] => {
      const parsed = jobKinds["ingestion.merge"].payload.safeParse(payload);
      // Nothing was written for a job of another version.
      if (!parsed.success) return [];
      // The file may have been replaced since, so its content is read from the store.
      const { inline, ...rest } = parsed.data;
      const dedupeKey = `late/${sha256Hex(JSON.stringify([orderingKey, rest.entityType, rest.entityId, rest.fileKey]))}`;
      return [{ id: newJobId(), kind: "ingestion.merge", orderingKey, payload: rest, dedupeKey }];
    });
    await enqueueEventJobs(db, projectId, repeated);
  }
};
