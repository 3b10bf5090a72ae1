/** Ingestion, one batch of jobs: read, merge, price, write, and say what became of each job. One bad entity fails alone. */
import { laneOf } from "../../core/ingestion/arrange-batch.ts";
import type { RootContent } from "../../core/ingestion/event.ts";
import { priceObservation } from "../../core/ingestion/price-observation.ts";
import { withRolledUsage } from "../../core/ingestion/roll-up.ts";
import { isOutage, nextAttempt } from "../../core/jobs/next-attempt.ts";
import type { Model } from "../../core/models/model.ts";
import type { CountTokens } from "../../core/models/usage-and-cost.ts";
import { failureOf } from "../../db/postgres/failure.ts";
import type { BatchJob, JobBatch } from "../../db/queue/claim-batch.ts";
import type { BatchOutcome } from "../../db/queue/settle-batch.ts";
import { type MergedEntity, mergeEntity } from "./merge-entity.ts";
import { mergePointingAt, pointAtObservations } from "./point-at-observations.ts";
import { type Entity, fileVersion, type ReadDeps, readEntities, readEntity } from "./read-entities.ts";
import { readRootContents } from "./read-root-content.ts";
import { type RollUpDeps, settleRollUps } from "./settle-roll-ups.ts";
import { type WriteDeps, writeEntities } from "./write-entities.ts";

export type BatchDeps = Omit<ReadDeps, "signal"> &
  WriteDeps & {
    loadModels: (projectId: string) => Promise<readonly Model[]>;
    countTokens: () => Promise<CountTokens>;
    random: () => number;
    newJobId: () => string;
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
    const failure = failureOf(error);
    const described = { code: failure.code, message: failure.message, detail: failure.detail };
    for (const { id, attempt, maxAttempts } of jobs) {
      const next = nextAttempt(failure, { kind: "ingestion.merge", attempt, maxAttempts, random: deps.random() });
      const isFinal = next.decision === "discard";
      outcome.failed.push({ id, error: described, isFinal, delaySeconds: next.decision === "retry" ? next.delaySeconds : 0 });
    }
    deps.log("warn", "ingestion_failed", { jobs: jobs.length, error_code: failure.code, error: failure.message, detail: failure.detail });
  };

  for (let rest: readonly BatchJob[] = batch.jobs; rest.length > 0; ) {
    const slice = await readEntities({ ...deps, signal }, rest);
    for (const { jobs, error } of slice.failed) fail(jobs, error);
    await writeSlice(slice.entities);
    rest = slice.rest;
  }
  return outcome;

  async function writeSlice(entities: readonly Entity[]): Promise<void> {
    const ready: MergedEntity[] = [];
    const rootContentOf = await readRootContents({ ...deps, signal }, entities);
    for (const entity of entities) {
      try {
        const merged = await merge(deps, entity, { claimedAt: batch.claimedAt, rootContent: rootContentOf(entity) });
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
        ready.push(merged);
      } catch (error) {
        signal.throwIfAborted();
        fail(entity.jobs, error);
      }
    }
    let settled: readonly MergedEntity[];
    try {
      settled = await settleRollUps(rollUpDeps(deps, batch.claimedAt, signal), ready, signal);
    } catch (error) {
      signal.throwIfAborted();
      fail(
        ready.flatMap(({ entity }) => entity.jobs),
        error,
      );
      return;
    }
    await write(settled);
  }

  /** Unless it is an outage, the batch is halved until the row at fault is alone. */
  async function write(merged: readonly MergedEntity[]): Promise<void> {
    const [first] = merged;
    if (first === undefined) return;
    try {
      const token = `${batch.leaseId}-${first.entity.jobs[0]?.id ?? ""}-${merged.length}`;
      await writeEntities(deps, { version: batch.claimedAt, token, signal }, await pointAtObservations(deps.db, merged));
      await mergePointingAt(deps, signal, merged);
      deps.onWritten(merged);
      const grown = await grownSince(deps, merged);
      for (const one of merged) {
        const ids = one.entity.jobs.map(({ id }) => id);
        if (grown.has(one)) outcome.released.push(...ids.map((id) => ({ id, lane: null })));
        else outcome.doneIds.push(...ids);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (isOutage(failureOf(error)) || merged.length === 1) {
        fail(
          merged.flatMap(({ entity }) => entity.jobs),
          error,
        );
        return;
      }
      const middle = Math.ceil(merged.length / 2);
      await write(merged.slice(0, middle));
      await write(merged.slice(middle));
    }
  }
};

/**
 * Observations and scores that have more files than were read, or other ones: another trace may be named there, in whose lane they may be in work, and may have been looked for
 * before ours was there. Looked at again they see each other.
 */
const grownSince = async (deps: BatchDeps, merged: readonly MergedEntity[]): Promise<Set<MergedEntity>> => {
  const moving = merged.filter(({ kind }) => kind === "observation" || kind === "score");
  if (moving.length === 0) return new Set();
  const logged = await deps.listLogged(
    moving.map(({ entity: { projectId, entityType, entityId } }) => ({ projectId, entityType, entityId })),
  );
  return new Set(moving.filter(({ entity }) => logged(entity)?.some((file) => !entity.fileVersions.has(fileVersion(file))) === true));
};

const merge = async (
  deps: BatchDeps,
  entity: Entity,
  { claimedAt, rootContent }: { claimedAt: string; rootContent: RootContent | undefined },
): Promise<MergedEntity | undefined> => {
  const { projectId, origin } = entity;
  const merged = mergeEntity(entity, { projectId, createdAt: claimedAt, updatedAt: claimedAt, version: claimedAt, origin }, rootContent);
  return merged?.kind === "observation" ? price(deps, merged) : merged;
};

const price = async (deps: BatchDeps, merged: MergedEntity & { kind: "observation" }): Promise<MergedEntity & { kind: "observation" }> => {
  const { row } = merged.merged;
  const needsCount = row.provided_model_name !== null && Object.keys(row.provided_usage_details).length === 0;
  const countTokens = needsCount ? await deps.countTokens() : notCounted;
  return { ...merged, merged: priceObservation(merged.merged, await deps.loadModels(merged.entity.projectId), countTokens) };
};

/** One that cannot be read again fails none of the others, but for an outage: it stays as it is stored. */
const rollUpDeps = (deps: BatchDeps, claimedAt: string, signal: AbortSignal): RollUpDeps => ({
  clickhouse: deps.clickhouse,
  keepUsage: (one) => price(deps, { ...one, merged: withRolledUsage(one.merged) }),
  readAgain: async ({ projectId, id, traceId, lane }) => {
    try {
      const name = { projectId, entityType: "observation" as const, entityId: id };
      const logged = await deps.listLogged([name]);
      const wanted = { projectId, lane, payload: { entityType: name.entityType, entityId: id, fileKey: "" }, jobs: [] };
      const merged = await merge(deps, await readEntity({ ...deps, signal }, wanted, logged(name)), { claimedAt, rootContent: undefined });
      return merged?.kind === "observation" && merged.merged.row.trace_id === traceId ? merged : undefined;
    } catch (error) {
      signal.throwIfAborted();
      const failure = failureOf(error);
      if (isOutage(failure)) throw error;
      deps.log("warn", "ingestion_failed", { jobs: 0, error_code: failure.code, error: failure.message, detail: failure.detail });
      return undefined;
    }
  },
});

const notCounted: CountTokens = () => undefined;

/** Where the entity belongs, now that all its events are known: an observation whose events named no trace, or another one, is processed beside its trace. */
const rightLane = (deps: BatchDeps, { entity, ...one }: MergedEntity): string => {
  if (one.kind !== "observation") return entity.lane;
  const { projectId, entityId } = entity;
  return laneOf(
    { projectId, entityType: "observation", entityId, traceId: one.merged.hasTrace ? one.merged.row.trace_id : undefined },
    deps.sha256Hex,
  );
};
