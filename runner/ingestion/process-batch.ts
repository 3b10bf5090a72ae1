/** Ingestion, one batch of jobs: read, merge, price, write, and say what became of each job. One bad entity fails alone. */
import { AppError, toAppError } from "../../core/errors.ts";
import { laneOf } from "../../core/ingestion/arrange-batch.ts";
import { priceObservation } from "../../core/ingestion/price-observation.ts";
import { nextAttempt } from "../../core/jobs/next-attempt.ts";
import type { Model } from "../../core/models/model.ts";
import type { CountTokens } from "../../core/models/usage-and-cost.ts";
import type { BatchJob, JobBatch } from "../../db/queue/claim-batch.ts";
import type { BatchOutcome } from "../../db/queue/settle-batch.ts";
import { type MergedEntity, mergeEntity } from "./merge-entity.ts";
import { type Entity, type ReadDeps, readEntities } from "./read-entities.ts";
import { type WriteDeps, writeEntities } from "./write-entities.ts";

export type BatchDeps = Omit<ReadDeps, "signal"> &
  WriteDeps & {
    loadModels: (projectId: string) => Promise<readonly Model[]>;
    countTokens: () => Promise<CountTokens>;
    random: () => number;
    /** For observation: entities whose rows are in ClickHouse. */
    onWritten: (entities: readonly MergedEntity[]) => void;
  };

/** Throws only when the signal fires; everything else is an outcome of some jobs. */
export const processBatch = async (deps: BatchDeps, batch: JobBatch, signal: AbortSignal): Promise<BatchOutcome> => {
  const outcome = {
    doneIds: [] as string[],
    failed: [] as BatchOutcome["failed"][number][],
    released: [] as { id: string; lane: string | null }[],
  };
  const fail = (jobs: readonly BatchJob[], error: unknown) => {
    const failure = toAppError(error);
    const described = { code: failure.code, message: failure.message, detail: failure.detail };
    for (const { id, attempt, maxAttempts } of jobs) {
      const next = nextAttempt(failure, { attempt, maxAttempts, random: deps.random() });
      outcome.failed.push({
        id,
        error: described,
        isFinal: next.decision === "discard",
        delaySeconds: next.decision === "discard" ? 0 : next.delaySeconds,
      });
    }
    deps.log("warn", "ingestion_failed", { jobs: jobs.length, error_code: failure.code, error: failure.message, detail: failure.detail });
  };

  const { entities, failed } = await readEntities({ ...deps, signal }, batch.jobs);
  for (const { jobs, error } of failed) fail(jobs, error);
  const ready = new Map<string, MergedEntity[]>();
  for (const entity of entities) {
    try {
      const merged = await merge(deps, entity, batch.claimedAt);
      if (merged === undefined) {
        // Nothing is left of it: its files were deleted since.
        outcome.doneIds.push(...entity.jobs.map(({ id }) => id));
        continue;
      }
      const lane = rightLane(deps, merged);
      if (lane !== entity.lane) {
        outcome.released.push(...entity.jobs.map(({ id }) => ({ id, lane })));
        continue;
      }
      ready.set(entity.projectId, [...(ready.get(entity.projectId) ?? []), merged]);
    } catch (error) {
      signal.throwIfAborted();
      fail(entity.jobs, error);
    }
  }
  for (const [projectId, merged] of ready) await write(projectId, merged, 0);
  return outcome;

  /** When the server refuses the rows and not the connection fails, the batch is halved until the row at fault is alone. */
  async function write(projectId: string, merged: readonly MergedEntity[], depth: number): Promise<void> {
    const [first] = merged;
    if (first === undefined) return;
    try {
      const token = `${batch.leaseId}-${first.entity.jobs[0]?.id ?? ""}-${merged.length}`;
      await writeEntities(deps, { projectId, version: batch.claimedAt, token, signal }, merged);
      deps.onWritten(merged);
      outcome.doneIds.push(...merged.flatMap(({ entity }) => entity.jobs.map(({ id }) => id)));
    } catch (error) {
      signal.throwIfAborted();
      const isRefused =
        error instanceof AppError && (error.code === "CLICKHOUSE_QUERY_REJECTED" || error.code === "CLICKHOUSE_QUERY_FAILED");
      if (!isRefused || merged.length === 1) {
        fail(
          merged.flatMap(({ entity }) => entity.jobs),
          error,
        );
        return;
      }
      const middle = Math.ceil(merged.length / 2);
      await write(projectId, merged.slice(0, middle), depth + 1);
      await write(projectId, merged.slice(middle), depth + 1);
    }
  }
};

const merge = async (deps: BatchDeps, entity: Entity, claimedAt: string): Promise<MergedEntity | undefined> => {
  const merged = mergeEntity(entity, {
    projectId: entity.projectId,
    createdAt: claimedAt,
    updatedAt: claimedAt,
    version: claimedAt,
    origin: entity.origin,
  });
  if (merged?.kind !== "observation") return merged;
  const { row } = merged.merged;
  const needsCount = row.provided_model_name !== null && Object.keys(row.provided_usage_details).length === 0;
  const countTokens = needsCount ? await deps.countTokens() : notCounted;
  return { ...merged, merged: priceObservation(merged.merged, await deps.loadModels(entity.projectId), countTokens) };
};

const notCounted: CountTokens = () => undefined;

/** Where the entity belongs, now that all its events are known: an observation whose events named no trace, or another one, is processed beside its trace. */
const rightLane = (deps: BatchDeps, { entity, ...one }: MergedEntity): string => {
  if (one.kind !== "observation" || !one.merged.hasTrace) return entity.lane;
  return laneOf(
    { projectId: entity.projectId, entityType: "observation", entityId: entity.entityId, traceId: one.merged.row.trace_id },
    deps.sha256Hex,
  );
};
