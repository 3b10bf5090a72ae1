/** Ingestion: settles the rolled-up usage of merged entities, and writes stored observations that change with them. */
import { withRolledUsage } from "../../core/ingestion/roll-up.ts";
import { isOutage } from "../../core/jobs/next-attempt.ts";
import type { EntityName } from "../../db/event-store/logged-objects.ts";
import { failureOf } from "../../db/postgres/failure.ts";
import type { BatchWork } from "./batch-work.ts";
import { halveOnFailure } from "./halve-on-failure.ts";
import { type MergedOne, mergeAndPrice, priceMerged } from "./merge-and-price.ts";
import type { MergedEntity } from "./merge-entity.ts";
import { portionCharactersMax, readingWork } from "./project-budget.ts";
import { readEntity } from "./read-entities.ts";
import type { Entity } from "./read-slice.ts";
import { type RollUpDeps, rollUpsOf, settleRollUps } from "./settle-roll-ups.ts";

const portionRowsMax = 500;

type WritePortion = (portion: readonly MergedEntity[]) => Promise<void>;

/**
 * Returns the entities still to be written. Works by ordering key, which holds all of a trace: the jobs of one that cannot be settled fail
 * alone.
 */
export const settlePortion = async (work: BatchWork, ready: readonly MergedEntity[], write: WritePortion): Promise<MergedEntity[]> => {
  const settled: MergedEntity[] = [];
  await halveOnFailure([...Map.groupBy(ready, ({ entity }) => entity.orderingKey).values()], {
    signal: work.signal,
    run: async (traces) => {
      const again = createPortion(write);
      const writeAgain = (one: MergedOne) => {
        // Only an observation that changes counts as begun. Others are read in every batch and must not use up the one that is always allowed.
        work.rollUpProjects.add(one.entity.projectId);
        return again.add(one);
      };
      const found = await settleRollUps({ ...rollUpDeps(work), writeAgain }, traces.flat(), work.signal);
      await again.end();
      settled.push(...found);
    },
    fail: (traces, error) =>
      work.outcome.fail(
        traces.flat().map(({ entity }) => entity),
        error,
      ),
  });
  return settled;
};

/** Collects entities and writes them as soon as they reach the bounds of a portion. */
const createPortion = (write: WritePortion) => {
  let held: MergedEntity[] = [];
  let characters = 0;
  const end = async () => {
    const portion = held;
    [held, characters] = [[], 0];
    await write(portion);
  };
  const add = async (one: MergedEntity) => {
    held.push(one);
    characters += one.entity.origin.bytes ?? 0;
    if (characters >= portionCharactersMax || held.length >= portionRowsMax) await end();
  };
  return { add, end };
};

const rollUpDeps = (work: BatchWork): Omit<RollUpDeps, "writeAgain"> => ({
  clickhouse: work.clickhouse,
  keepUsage: (one) => priceMerged(work, { ...one, merged: withRolledUsage(one.merged) }),
  readAgain: (observation) => readAgain(work, observation),
  readRollUps: ({ projectId, id, orderingKey }) =>
    unlessUnreadable(work, async () =>
      rollUpsOf((await readStored(work, { projectId, entityType: "trace", entityId: id }, orderingKey)).events),
    ),
  continueLater: (orderingKey) => void work.unfinished.set(orderingKey, "later"),
});

const readAgain = async (
  work: BatchWork,
  { projectId, id, traceId, orderingKey }: Parameters<RollUpDeps["readAgain"]>[0],
): Promise<MergedOne | undefined | "later"> => {
  if (work.rollUpProjects.has(projectId) && work.budget.isSpent(projectId, readingWork)) return "later";
  return unlessUnreadable(work, async () => {
    const entity = await readStored(work, { projectId, entityType: "observation", entityId: id }, orderingKey);
    const merged = await mergeAndPrice(work, entity, { claimedAt: work.claimedAt, rootContent: undefined });
    return merged?.kind === "observation" && merged.merged.row.trace_id === traceId ? merged : undefined;
  });
};

/** What cannot be read again stays as it is stored and fails no other, except in an outage. */
const unlessUnreadable = async <R>(work: BatchWork, read: () => Promise<R>): Promise<R | undefined> => {
  try {
    return await read();
  } catch (error) {
    work.signal.throwIfAborted();
    const failure = failureOf(error);
    if (isOutage(failure)) throw error;
    work.log("warn", "ingestion_failed", { jobs: 0, error_code: failure.code, error: failure.message, detail: failure.detail });
    return undefined;
  }
};

/** Reads an entity that has no job in the batch. */
const readStored = async (work: BatchWork, name: EntityName & Pick<Entity, "entityType">, orderingKey: string): Promise<Entity> => {
  const { projectId, ...payload } = name;
  const files = (await work.listLogged([name]))(name);
  work.budget.spend(projectId, { files: Math.max(1, files.files.length) });
  const entity = await readEntity(work, { projectId, orderingKey, payload: { ...payload, fileKey: "" }, jobs: [], requestJobs: [] }, files);
  work.budget.spend(projectId, { characters: entity.origin.bytes ?? 0 });
  return entity;
};
