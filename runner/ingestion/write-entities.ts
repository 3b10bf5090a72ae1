/**
 * Ingestion, writing: merged entities to rows of ClickHouse, and rows of events kept in step with their traces. May run twice: the rows are
 * the same and versions decide. Runs under the ordering keys of the traces, so no other runner writes their rows. Memory: the rows of one
 * batch.
 */
import type { MergedObservation } from "../../core/ingestion/merge/merge-observation.ts";
import { observationEventRow, type TraceFields } from "../../core/ingestion/observation-event-row.ts";
import type { TraceRow } from "../../core/ingestion/rows.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { findDiffering, rewriteTraceFields } from "../../db/clickhouse/rewrite-trace-fields.ts";
import { loadStoredTraces, type OwnedId, ownedName, type StoredTrace } from "../../db/clickhouse/stored-entities.ts";
import type { Database } from "../../db/postgres/client.ts";
import { rememberSessions } from "../../db/postgres/trace-sessions.ts";
import type { Clock } from "../deps.ts";
import { findStaleRows, keptCreation } from "./find-stale-rows.ts";
import type { MergedEntity } from "./merge-entity.ts";
import { nameOf, ownId } from "./owned-row.ts";
import { wasAttempted } from "./possible-sort-keys.ts";
import { writeAggregates } from "./write-aggregates.ts";

export type WriteDeps = {
  clickhouse: ClickHouse;
  db: Database;
  eventsTable: string;
  /** Whether traces_mt and its aggregates are written as well. */
  writesAggregates: boolean;
  wait: Clock["wait"];
};

type WriteRequest = {
  /** Instant of the claim, ISO 8601 UTC with microseconds. */
  version: string;
  /** Names this write. Repeated, it inserts nothing. */
  token: string;
  signal: AbortSignal;
};

/** Writes all entities of one batch, of any projects, with one insert per table. Resolves when ClickHouse has the rows. */
export const writeEntities = async (deps: WriteDeps, request: WriteRequest, entities: readonly MergedEntity[]): Promise<void> => {
  const { signal } = request;
  const traceRows = entities.flatMap((one) => (one.kind === "trace" ? [one.row] : []));
  const merged = entities.flatMap((one) => (one.kind === "observation" ? [one.merged] : []));
  const named = [...traceRows.map(ownId), ...merged.map(({ row }) => traceOf(row))];
  const traceIds = [...new Map(named.map((one) => [ownedName(one), one])).values()];
  const [stored, stale] = await Promise.all([loadStoredTraces(deps.clickhouse, traceIds, signal), findStaleRows(deps, request, entities)]);
  const traces = traceRows.map(
    (row): TraceRow => ({
      ...row,
      bookmarked: stored.get(nameOf(row))?.bookmarked ?? row.bookmarked,
      created_at: earliest(row.created_at, stored.get(nameOf(row))),
    }),
  );
  const observations = merged.map((one): MergedObservation => ({ ...one, row: keptCreation("observations", one.row, stale) }));
  const scores = entities.flatMap((one) => (one.kind === "score" ? [keptCreation("scores", one.row, stale)] : []));
  const fields = new Map<string, TraceFields>([...stored, ...traces.map((row): [string, TraceFields] => [nameOf(row), row])]);

  const insert = async (table: string, rows: readonly object[]) => {
    if (rows.length > 0) await deps.clickhouse.insertRows({ table, rows, token: `${request.token}-${table}`, signal });
  };
  // An earlier attempt may have copied fields to rows of events that were never stored with the trace, or may still do so.
  const contested = new Set(entities.flatMap((one) => (one.kind === "trace" && wasAttempted(one.entity) ? [nameOf(one.row)] : [])));
  const changed = traces
    .filter((row) => contested.has(nameOf(row)) || !isSameFields(row, stored.get(nameOf(row))))
    .map((row) => ({ ...ownId(row), fields: row, isContested: contested.has(nameOf(row)) }));
  const writing = [
    // Rows inserted now already have the right fields. Only stored ones can differ.
    findDiffering(deps.clickhouse, deps.eventsTable, { traces: changed, version: request.version, signal }),
    insert("observations", [...observations.map(({ row }) => row), ...stale.observations]),
    insert("scores", [...scores, ...stale.scores]),
    insert(
      "dataset_run_items_rmt",
      entities.flatMap((one) => (one.kind === "dataset_run_item" ? [one.row] : [])),
    ),
    insert(deps.eventsTable, [
      ...observations.map((merged) => observationEventRow(merged, fields.get(ownedName(traceOf(merged.row))))),
      ...stale.events,
    ]),
  ] as const;
  // Waits for each, even if one fails: a write still under way when the jobs are settled could land after a deletion.
  await Promise.allSettled(writing);
  const [differing] = await Promise.all(writing);
  await rewriteTraceFields(deps.clickhouse, deps.eventsTable, { traces: differing, version: request.version, signal });
  // Last: a stored trace means that its rows of events are in step, also for an attempt after a crash.
  await insert("traces", [...traces, ...stale.traces]);
  if (deps.writesAggregates) await writeAggregates(deps, request, traces, entities);
  await rememberSessions(
    deps.db,
    traces.flatMap(({ project_id, session_id, environment }) =>
      session_id === null || session_id === "" ? [] : [{ projectId: project_id, id: session_id, environment }],
    ),
  );
};

const traceOf = ({ project_id, trace_id }: { project_id: string; trace_id: string }): OwnedId => ({ projectId: project_id, id: trace_id });

const earliest = (createdAt: string, stored: StoredTrace | undefined): string =>
  stored !== undefined && stored.createdAt < createdAt ? stored.createdAt : createdAt;

/** A trace that was never stored can have rows of events: its observations may have arrived first. */
const isSameFields = (row: TraceFields, stored: TraceFields | undefined): boolean =>
  stored !== undefined &&
  row.name === stored.name &&
  row.user_id === stored.user_id &&
  row.session_id === stored.session_id &&
  row.release === stored.release &&
  row.public === stored.public &&
  row.bookmarked === stored.bookmarked &&
  JSON.stringify(row.tags) === JSON.stringify(stored.tags);
