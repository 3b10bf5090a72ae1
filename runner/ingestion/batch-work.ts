/** Ingestion: what the stages of one batch share. Created for each batch. */
import type { JobBatch } from "../../db/queue/claim-batch.ts";
import type { Clock } from "../deps.ts";
import { createTurns } from "../turns.ts";
import type { MergedEntity } from "./merge-entity.ts";
import { createOutcomeBuilder, type OutcomeBuilder } from "./outcome-builder.ts";
import type { PriceDeps } from "./price-in-turns.ts";
import { createProjectBudget } from "./project-budget.ts";
import type { ReadDeps } from "./read-slice.ts";
import { createSpanRequests, type SpanRequestDeps } from "./span-requests.ts";
import type { WriteDeps } from "./write-entities.ts";

export type BatchDeps = Omit<ReadDeps, "signal" | "turns" | "budget" | "requests"> &
  WriteDeps &
  Omit<PriceDeps, "turns" | "budget"> &
  Pick<SpanRequestDeps, "sampling" | "onSampled"> & {
    steadyMs: Clock["steadyMs"];
    random: () => number;
    newJobId: () => string;
    /** For observation: entities whose rows are in ClickHouse. */
    onWritten: (entities: readonly MergedEntity[]) => void;
  };

export type BatchWork = BatchDeps &
  Pick<ReadDeps, "signal" | "turns" | "budget" | "requests"> &
  Pick<JobBatch, "claimedAt" | "leaseId"> & {
    outcome: OutcomeBuilder;
    /** Numbers the writes of the batch. */
    nextWrite: () => number;
    /** Projects that had the content of a root read. The first of each project is read whatever its budget says. */
    rootProjects: Set<string>;
    /** Projects that had a stored observation written again because of its usage. The first of each project is done whatever its budget says. */
    rollUpProjects: Set<string>;
    /** Ordering keys of which something is to be read again in a later batch, or could not be written because of an outage. */
    unfinished: Map<string, { error: unknown } | "later">;
  };

export const createBatchWork = (deps: BatchDeps, { jobs, claimedAt, leaseId }: JobBatch, signal: AbortSignal): BatchWork => {
  const turns = createTurns(signal, deps);
  const budget = createProjectBudget(new Set(jobs.map(({ projectId }) => projectId)).size);
  const onRead = (projectId: string, characters: number) => budget.spend(projectId, { files: 1, characters });
  let writes = 0;
  return {
    ...deps,
    signal,
    turns,
    nextWrite: () => ++writes,
    requests: createSpanRequests({ ...deps, store: deps, turns, signal, onRead }),
    budget,
    claimedAt,
    leaseId,
    outcome: createOutcomeBuilder(deps),
    rootProjects: new Set(),
    rollUpProjects: new Set(),
    unfinished: new Map(),
  };
};
