/**
 * Ingestion: a score or a dataset run item names a trace and a span. Where the observation of that span has an id with both in it, because another trace had the span id first,
 * it is the one that is meant.
 */
import type { Sha256Hex } from "../../core/ingestion/blob-key.ts";
import { qualifiedId, readQualifiedId } from "../../core/otel/observation-ids.ts";
import type { Database } from "../../db/postgres/client.ts";
import { listNamed } from "../../services/ingestion/observation-ids.ts";
import { replayEvents } from "../../services/ingestion/replay-events.ts";
import type { Clock } from "../deps.ts";
import type { MergedEntity } from "./merge-entity.ts";

type Pointing = { project_id: string; trace_id: string | null; observation_id: string | null };

const pointingRow = (one: MergedEntity): Pointing | undefined =>
  one.kind === "score" || one.kind === "dataset_run_item" ? one.row : undefined;

/** Undefined where what is named cannot be a span. */
const target = ({ project_id, trace_id, observation_id }: Pointing): { projectId: string; observationId: string } | undefined => {
  const observationId = qualifiedId({ traceId: trace_id ?? "", spanId: observation_id ?? "" });
  return readQualifiedId(observationId) && { projectId: project_id, observationId };
};

/** The same with the ids of the observations that are meant: one statement, if any names a span. */
export const pointAtObservations = async (db: Database, merged: readonly MergedEntity[]): Promise<MergedEntity[]> => {
  const wanted = merged.flatMap((one) => {
    const row = pointingRow(one);
    return (row && target(row)) ?? [];
  });
  const nameOf = ({ projectId, observationId }: { projectId: string; observationId: string }) => `${projectId} ${observationId}`;
  const named = new Set((await listNamed(db, wanted)).map(nameOf));
  return merged.map((one): MergedEntity => {
    const row = pointingRow(one);
    const meant = row && target(row);
    if (meant === undefined || !named.has(nameOf(meant))) return one;
    if (one.kind === "score") return { ...one, row: { ...one.row, observation_id: meant.observationId } };
    if (one.kind === "dataset_run_item") return { ...one, row: { ...one.row, observation_id: meant.observationId } };
    return one;
  });
};

export type PointingDeps = { db: Database; newJobId: () => string; sha256Hex: Sha256Hex; wait: Clock["wait"] };

/**
 * What may point at these observations is merged again: it may have come before them. To be called in the lane of their trace, after they are written: whatever is merged after that
 * finds them in the log.
 */
export const mergePointingAt = async (
  { db, newJobId, sha256Hex, wait }: PointingDeps,
  signal: AbortSignal,
  merged: readonly MergedEntity[],
): Promise<void> => {
  const traces = new Map<string, { projectId: string; traceId: string }>();
  for (const { entity, ...one } of merged)
    if (one.kind === "observation" && readQualifiedId(one.merged.row.id)?.traceId === one.merged.row.trace_id)
      traces.set(`${entity.projectId} ${one.merged.row.trace_id}`, { projectId: entity.projectId, traceId: one.merged.row.trace_id });
  for (const scope of traces.values())
    for (const entityType of ["score", "dataset_run_item"])
      await replayEvents(
        { db, newJobId, sha256Hex, wait: (milliseconds) => wait(milliseconds, signal), onProgress: () => signal.throwIfAborted() },
        { ...scope, entityType },
        // A batch of many projects waits for nobody.
        { pageRows: 1000, waitingMax: Number.MAX_SAFE_INTEGER, pollMs: 1000, isDryRun: false },
      );
};
