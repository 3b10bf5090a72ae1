/** Ingestion, one batch of jobs: reads, merges, prices, writes, and returns what became of each job. One bad entity fails alone. */
import { orderingKeyOf } from "../../core/ingestion/arrange-batch.ts";
import type { RootContent } from "../../core/ingestion/event.ts";
import { jobKinds } from "../../core/jobs/kinds.ts";
import type { BatchJob, JobBatch } from "../../db/queue/claim-batch.ts";
import { enqueueEventJobs } from "../../db/queue/enqueue-event-jobs.ts";
import type { BatchOutcome } from "../../db/queue/settle-batch.ts";
import { createCollector } from "../collect-garbage.ts";
import { type BatchDeps, type BatchWork, createBatchWork } from "./batch-work.ts";
import { mergeAndPrice } from "./merge-and-price.ts";
import type { MergedEntity } from "./merge-entity.ts";
import { pricingWork } from "./project-budget.ts";
import { readEntities } from "./read-entities.ts";
import { eventsByName, readRootPortion } from "./read-root-content.ts";
import type { Entity } from "./read-slice.ts";
import { settlePortion } from "./settle-portion.ts";
import { writePortion } from "./write-portion.ts";

/** Of the process, as its memory is. */
const collect = createCollector();

/** Throws only when the signal fires; everything else is an outcome of some jobs. */
export const processBatch = async (deps: BatchDeps, batch: JobBatch, signal: AbortSignal): Promise<BatchOutcome> => {
  const work = createBatchWork(deps, batch, signal);
  const { outcome } = work;
  for (let rest: readonly BatchJob[] = batch.jobs; rest.length > 0; ) {
    const slice = await readEntities(work, rest);
    outcome.open(slice.opened);
    for (const { jobs, error } of slice.failed) outcome.failJobs(jobs, error);
    for (const { entity, error } of slice.unread) outcome.fail([entity], error);
    outcome.deferJobs(slice.deferred);
    await processSlice(work, slice.entities);
    collect(slice.entities.reduce((sum, { origin }) => sum + (origin.bytes ?? 0), 0));
    rest = slice.rest;
  }
  await enqueueLeft(work);
  outcome.logDeferred();
  return outcome.build();
};

/** If they cannot be enqueued, the jobs of their traces are done again. */
const enqueueLeft = async ({ db, outcome, newJobId, signal }: BatchWork): Promise<void> => {
  for (const [projectId, entities] of Map.groupBy(outcome.left(), (one) => one.projectId))
    try {
      await enqueueEventJobs(
        db,
        projectId,
        entities.map(({ entityType, entityId, orderingKey, requestJobs: [job] }) => ({
          id: newJobId(),
          kind: "ingestion.merge",
          orderingKey,
          payload: { entityType, entityId, fileKey: jobKinds["ingestion.merge"].payload.parse(job?.payload).fileKey, source: "otel" },
        })),
      );
    } catch (error) {
      signal.throwIfAborted();
      outcome.failJobs([...new Set(entities.flatMap(({ requestJobs }) => requestJobs))], error);
    }
};

/** Works in portions, because the content of roots takes memory beside the slice. */
const processSlice = async (work: BatchWork, entities: readonly Entity[]): Promise<void> => {
  const beside = eventsByName(entities);
  for (let rest = entities; rest.length > 0; ) {
    const portion = await readRootPortion({ ...work, begunProjects: work.rootProjects }, rest, beside);
    for (const entity of portion.deferred) work.outcome.defer(entity);
    const write = (merged: readonly MergedEntity[]) => writePortion(work, merged);
    const ready = await mergePortion(work, portion.entities, portion.contentOf);
    await write(await settlePortion(work, ready, write));
    rest = portion.rest;
  }
};

/** Returns the entities to write under their ordering key. The outcome of all others is decided here. */
const mergePortion = async (
  work: BatchWork,
  entities: readonly Entity[],
  rootContentOf: (entity: Entity) => RootContent | undefined,
): Promise<MergedEntity[]> => {
  const { outcome } = work;
  const ready: MergedEntity[] = [];
  for (const entity of entities) {
    await work.turns.pause();
    if (entity.entityType === "observation" && work.budget.isSpent(entity.projectId, pricingWork)) {
      outcome.defer(entity);
      continue;
    }
    try {
      const merged = await mergeAndPrice(work, entity, { claimedAt: work.claimedAt, rootContent: rootContentOf(entity) });
      if (merged === undefined) {
        // Its files were deleted since the job was written.
        outcome.done(entity);
        continue;
      }
      const orderingKey = currentOrderingKey(work, merged);
      if (orderingKey !== entity.orderingKey) {
        outcome.release(entity, orderingKey);
        continue;
      }
      ready.push(merged);
    } catch (error) {
      work.signal.throwIfAborted();
      outcome.fail([entity], error);
    }
  }
  return ready;
};

/**
 * Returns where the entity belongs now that all its events are known. An observation whose earlier events named no trace, or another one,
 * moves to its trace.
 */
const currentOrderingKey = ({ sha256Hex }: BatchWork, { entity, ...one }: MergedEntity): string => {
  if (one.kind !== "observation") return entity.orderingKey;
  const { projectId, entityId } = entity;
  return orderingKeyOf(
    { projectId, entityType: "observation", entityId, traceId: one.merged.hasTrace ? one.merged.row.trace_id : undefined },
    sha256Hex,
  );
};
