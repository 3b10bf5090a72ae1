/** Ingestion, one batch of jobs: read, merge, price, write, and say what became of each job. One bad entity fails alone. */
import { orderingKeyOf } from "../../core/ingestion/arrange-batch.ts";
import type { RootContent } from "../../core/ingestion/event.ts";
import { withRolledUsage } from "../../core/ingestion/roll-up.ts";
import { isOutage, nextAttempt } from "../../core/jobs/next-attempt.ts";
import { failureOf } from "../../db/postgres/failure.ts";
import type { BatchJob, JobBatch } from "../../db/queue/claim-batch.ts";
import type { BatchOutcome } from "../../db/queue/settle-batch.ts";
import type { Clock } from "../deps.ts";
import { createTurns } from "../turns.ts";
import { type MergedEntity, mergeEntity } from "./merge-entity.ts";
import { mergePointingAt, pointAtObservations } from "./point-at-observations.ts";
import { type PriceDeps, priceInTurns } from "./price-in-turns.ts";
import { createProjectBudget, portionCharactersMax, pricingWork, readingWork } from "./project-budget.ts";
import { type Entity, fileVersion, type ReadDeps, readEntities, readEntity } from "./read-entities.ts";
import { eventsByName, readRootPortion } from "./read-root-content.ts";
import { type RollUpDeps, settleRollUps } from "./settle-roll-ups.ts";
import { type WriteDeps, writeEntities } from "./write-entities.ts";

export type BatchDeps = Omit<ReadDeps, "signal" | "turns" | "budget"> &
  WriteDeps &
  Omit<PriceDeps, "turns" | "budget"> & {
    steadyMs: Clock["steadyMs"];
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
    released: [] as { id: string; orderingKey: string | null }[],
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

  const turns = createTurns(signal, deps);
  const budget = createProjectBudget(new Set(batch.jobs.map(({ projectId }) => projectId)).size);
  /** Claimed again in a later batch, in turn with other projects. */
  const defer = (jobs: readonly BatchJob[]) => {
    outcome.released.push(...jobs.map(({ id }) => ({ id, orderingKey: null })));
    deferred.push(...jobs);
  };
  const deferred: BatchJob[] = [];
  /** Projects that had a root read, or usage taken off a stored observation: the first of each is done whatever the budget says. */
  const rootProjects = new Set<string>();
  const againProjects = new Set<string>();
  /** Ordering keys of which something has to be read again in a later batch, or could not be written for an outage. */
  const unfinished = new Map<string, { error: unknown } | "later">();

  for (let rest: readonly BatchJob[] = batch.jobs; rest.length > 0; ) {
    const slice = await readEntities({ ...deps, signal, turns, budget }, rest);
    for (const { jobs, error } of slice.failed) fail(jobs, error);
    defer(slice.deferred);
    await writeSlice(slice.entities);
    rest = slice.rest;
  }
  logDeferred();
  return outcome;

  function logDeferred(): void {
    for (const [projectId, jobs] of Map.groupBy(deferred, (job) => job.projectId))
      deps.log("info", "ingestion_deferred", { project_id: projectId, jobs: jobs.length });
  }

  async function writeSlice(entities: readonly Entity[]): Promise<void> {
    const beside = eventsByName(entities);
    for (let rest = entities; rest.length > 0; ) {
      const portion = await readRootPortion({ ...deps, signal, turns, budget, begunProjects: rootProjects }, rest, beside);
      defer(portion.deferred.flatMap(({ jobs }) => jobs));
      await writePortion(portion.entities, portion.contentOf);
      rest = portion.rest;
    }
  }

  async function writePortion(entities: readonly Entity[], rootContentOf: (entity: Entity) => RootContent | undefined): Promise<void> {
    const ready: MergedEntity[] = [];
    for (const entity of entities) {
      await turns.pause();
      if (entity.entityType === "observation" && budget.isSpent(entity.projectId, pricingWork)) {
        defer(entity.jobs);
        continue;
      }
      try {
        const merged = await merge({ ...deps, turns, budget }, entity, { claimedAt: batch.claimedAt, rootContent: rootContentOf(entity) });
        if (merged === undefined) {
          // Nothing is left of it: its files were deleted since.
          outcome.doneIds.push(...entity.jobs.map(({ id }) => id));
          continue;
        }
        const orderingKey = currentOrderingKey(deps, merged);
        if (orderingKey !== entity.orderingKey) {
          outcome.released.push(...entity.jobs.map(({ id }) => ({ id, orderingKey })));
          continue;
        }
        ready.push(merged);
      } catch (error) {
        signal.throwIfAborted();
        fail(entity.jobs, error);
      }
    }
    const settled: MergedEntity[] = [];
    await settle([...Map.groupBy(ready, ({ entity }) => entity.orderingKey).values()], settled);
    await write(settled);
  }

  /** By ordering key, which holds all of a trace: unless it is an outage, what fails is halved until the trace at fault is alone. */
  async function settle(traces: readonly MergedEntity[][], settled: MergedEntity[]): Promise<void> {
    if (traces.length === 0) return;
    try {
      const takenOff = createPortion(write);
      const rollUps = rollUpDeps({ ...deps, turns, budget, signal }, batch.claimedAt, againProjects);
      const ports = {
        ...rollUps,
        takeOff: takenOff.add,
        continueLater: (orderingKey: string) => void unfinished.set(orderingKey, "later"),
      };
      const found = await settleRollUps(ports, traces.flat(), signal);
      await takenOff.end();
      settled.push(...found);
    } catch (error) {
      signal.throwIfAborted();
      if (isOutage(failureOf(error)) || traces.length === 1) {
        fail(
          traces.flat().flatMap(({ entity }) => entity.jobs),
          error,
        );
        return;
      }
      const middle = Math.ceil(traces.length / 2);
      await settle(traces.slice(0, middle), settled);
      await settle(traces.slice(middle), settled);
    }
  }

  /** Unless it is an outage, the batch is halved until the row at fault is alone. */
  async function write(merged: readonly MergedEntity[]): Promise<void> {
    const [first] = merged;
    if (first === undefined) return;
    try {
      const token = `${batch.leaseId}-${first.entity.jobs[0]?.id ?? first.entity.entityId}-${merged.length}`;
      await writeEntities(deps, { version: batch.claimedAt, token, signal }, await pointAtObservations(deps.db, merged));
      await mergePointingAt(deps, signal, merged);
      deps.onWritten(merged);
      const grown = await grownSince(deps, merged);
      for (const one of merged) {
        const ids = one.entity.jobs.map(({ id }) => id);
        const open = unfinished.get(one.entity.orderingKey);
        if (open !== undefined && open !== "later") fail(one.entity.jobs, open.error);
        else if (open === "later" || grown.has(one)) outcome.released.push(...ids.map((id) => ({ id, orderingKey: null })));
        else outcome.doneIds.push(...ids);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (isOutage(failureOf(error)) || merged.length === 1) {
        // Those without jobs were read again for their ordering key, which is tried again with them.
        if (isOutage(failureOf(error)))
          for (const { entity } of merged) if (entity.jobs.length === 0) unfinished.set(entity.orderingKey, { error });
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
 * Observations and scores that have more files than were read, or other ones: another trace may be named there, under whose ordering key they may be in work, and may have been looked for
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
  deps: PriceDeps,
  entity: Entity,
  { claimedAt, rootContent }: { claimedAt: string; rootContent: RootContent | undefined },
): Promise<MergedEntity | undefined> => {
  const { projectId, origin } = entity;
  const merged = mergeEntity(entity, { projectId, createdAt: claimedAt, updatedAt: claimedAt, version: claimedAt, origin }, rootContent);
  return merged?.kind === "observation" ? price(deps, merged) : merged;
};

type MergedOne = MergedEntity & { kind: "observation" };

const price = async (deps: PriceDeps, one: MergedOne): Promise<MergedOne> => ({
  ...one,
  merged: await priceInTurns(deps, one.entity.projectId, one.merged),
});

/** Writes what is added as soon as it is as much as may be held. */
const createPortion = (write: (portion: readonly MergedEntity[]) => Promise<void>) => {
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

const portionRowsMax = 500;

/** One that cannot be read again fails none of the others, but for an outage: it stays as it is stored. */
const rollUpDeps = (
  deps: BatchDeps & PriceDeps & { signal: AbortSignal },
  claimedAt: string,
  begunProjects: Set<string>,
): Omit<RollUpDeps, "takeOff" | "continueLater"> => ({
  clickhouse: deps.clickhouse,
  keepUsage: (one) => price(deps, { ...one, merged: withRolledUsage(one.merged) }),
  readAgain: async ({ projectId, id, traceId, orderingKey }) => {
    if (begunProjects.has(projectId) && deps.budget.isSpent(projectId, readingWork)) return "later";
    try {
      const name = { projectId, entityType: "observation" as const, entityId: id };
      const logged = await deps.listLogged([name]);
      const wanted = { projectId, orderingKey, payload: { entityType: name.entityType, entityId: id, fileKey: "" }, jobs: [] };
      const files = logged(name);
      deps.budget.spend(projectId, { files: files?.length ?? 1 });
      const entity = await readEntity(deps, wanted, files);
      deps.budget.spend(projectId, { characters: entity.origin.bytes ?? 0 });
      const merged = await merge(deps, entity, { claimedAt, rootContent: undefined });
      if (merged?.kind !== "observation" || merged.merged.row.trace_id !== traceId) return undefined;
      // Only what changes is progress: those that are no roll-ups are read in every batch, and must not use up what is always allowed.
      if (merged.merged.otel.rollUp !== undefined) begunProjects.add(projectId);
      return merged;
    } catch (error) {
      deps.signal.throwIfAborted();
      const failure = failureOf(error);
      if (isOutage(failure)) throw error;
      deps.log("warn", "ingestion_failed", { jobs: 0, error_code: failure.code, error: failure.message, detail: failure.detail });
      return undefined;
    }
  },
});

/** Where the entity belongs, now that all its events are known: an observation whose events named no trace, or another one, is processed beside its trace. */
const currentOrderingKey = (deps: BatchDeps, { entity, ...one }: MergedEntity): string => {
  if (one.kind !== "observation") return entity.orderingKey;
  const { projectId, entityId } = entity;
  return orderingKeyOf(
    { projectId, entityType: "observation", entityId, traceId: one.merged.hasTrace ? one.merged.row.trace_id : undefined },
    deps.sha256Hex,
  );
};
