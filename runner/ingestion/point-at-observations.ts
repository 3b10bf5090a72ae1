/**
 * Ingestion: resolves the span that a score or a dataset run item names. If another trace had the same span id first, the observation's id
 * contains both its trace and span; the pointer then gets that id.
 */
import type { Sha256Hex } from "../../core/ingestion/blob-key.ts";
import { qualifiedId, readQualifiedId } from "../../core/otel/observation-ids.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { listPointing } from "../../db/clickhouse/list-pointing.ts";
import { listReplayable } from "../../db/event-store/list-replayable.ts";
import type { Database } from "../../db/postgres/client.ts";
import { enqueueEventJobs } from "../../db/queue/enqueue-event-jobs.ts";
import { listNamed } from "../../services/ingestion/observation-ids.ts";
import { replayJob } from "../../services/ingestion/replay-events.ts";
import type { MergedEntity } from "./merge-entity.ts";

type Pointing = { project_id: string; trace_id: string | null; observation_id: string | null };

const pointingRow = (one: MergedEntity): Pointing | undefined =>
  one.kind === "score" || one.kind === "dataset_run_item" ? one.row : undefined;

/** Returns undefined if the names cannot be those of a span. */
const target = ({ project_id, trace_id, observation_id }: Pointing): { projectId: string; observationId: string } | undefined => {
  const observationId = qualifiedId({ traceId: trace_id ?? "", spanId: observation_id ?? "" });
  return readQualifiedId(observationId) && { projectId: project_id, observationId };
};

/**
 * Replaces the observation ids that scores and dataset run items name by the qualified ones, where those exist. Runs one statement, if any
 * names a span.
 */
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

type PointingDeps = { db: Database; clickhouse: Pick<ClickHouse, "queryRows">; newJobId: () => string; sha256Hex: Sha256Hex };

/** Ids looked up in the log per query. */
const pageRows = 1000;

/**
 * Enqueues a merge of stored scores and dataset run items that name these observations by their plain ids, because they were written first.
 * One job each, however many batches touch the observation.
 * Call under the ordering key of their trace, after the observations are written: anything merged later finds them in the log.
 */
export const mergePointingAt = async (
  { db, clickhouse, newJobId, sha256Hex }: PointingDeps,
  signal: AbortSignal,
  merged: readonly MergedEntity[],
): Promise<void> => {
  const spans = merged.flatMap((one) => {
    const span = one.kind === "observation" ? readQualifiedId(one.merged.row.id) : undefined;
    return one.kind === "observation" && span?.traceId === one.merged.row.trace_id ? [{ projectId: one.entity.projectId, ...span }] : [];
  });
  if (spans.length === 0) return;
  const pointing = await listPointing(clickhouse, spans, signal);
  for (const [projectId, ofProject] of Map.groupBy(pointing, (one) => one.projectId))
    for (const [entityType, found] of Map.groupBy(ofProject, (one) => one.entityType))
      for (let from = 0; from < found.length; from += pageRows) {
        const entityIds = found.slice(from, from + pageRows).map(({ id }) => id);
        const entities = await listReplayable(db, { projectId, entityType, entityIds }, { after: undefined, rowsMax: pageRows });
        const dedupeKey = (id: string) => `point/${sha256Hex(JSON.stringify([projectId, entityType, id]))}`;
        const jobs = entities.flatMap((entity) => {
          const job = replayJob({ newJobId, sha256Hex }, projectId, entity);
          return job === undefined ? [] : [{ ...job, dedupeKey: dedupeKey(entity.entityId) }];
        });
        await enqueueEventJobs(db, projectId, jobs);
      }
};
