/**
 * Ingestion, writing: merged entities to rows of ClickHouse, and rows of events kept in step with their traces. Everything here may run twice: the rows are the same,
 * versions decide. Runs under the ordering keys of the traces, so that nobody else writes rows of them. Memory: the rows of one batch.
 */
import { columnText } from "../../core/ingestion/column-text.ts";
import type { MergedObservation } from "../../core/ingestion/merge/merge-observation.ts";
import { observationEventRow, type TraceFields } from "../../core/ingestion/observation-event-row.ts";
import { instantText, type TraceRow } from "../../core/ingestion/rows.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { findDiffering, rewriteTraceFields } from "../../db/clickhouse/rewrite-trace-fields.ts";
import {
  type KeyedTable,
  loadStoredSortKeys,
  loadStoredTraces,
  type OwnedId,
  ownedName,
  type StoredTrace,
} from "../../db/clickhouse/stored-entities.ts";
import type { Database } from "../../db/postgres/client.ts";
import { rememberSessions } from "../../db/postgres/trace-sessions.ts";
import type { Clock } from "../deps.ts";
import { daysOf, type MergedEntity } from "./merge-entity.ts";
import { possibleSortKeys, wasAttempted } from "./possible-sort-keys.ts";
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
  /** Of the claim, ISO 8601 UTC with microseconds. */
  version: string;
  /** Names this write: the same again inserts nothing. */
  token: string;
  signal: AbortSignal;
};

type Row = Record<string, unknown>;

/** All entities of one batch, of whichever projects: one insert for each table. Resolves when ClickHouse has the rows. */
export const writeEntities = async (deps: WriteDeps, request: WriteRequest, entities: readonly MergedEntity[]): Promise<void> => {
  const { signal } = request;
  const traceRows = entities.flatMap((one) => (one.kind === "trace" ? [one.row] : []));
  const merged = entities.flatMap((one) => (one.kind === "observation" ? [one.merged] : []));
  const named = [...traceRows.map(ownId), ...merged.map(({ row }) => traceOf(row))];
  const traceIds = [...new Map(named.map((one) => [ownedName(one), one])).values()];
  const [stored, stale] = await Promise.all([loadStoredTraces(deps.clickhouse, traceIds, signal), findStale(deps, request, entities)]);
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
  // An attempt before may have given the rows of a trace fields that were never stored with it, or may yet.
  const contested = new Set(entities.flatMap((one) => (one.kind === "trace" && wasAttempted(one.entity) ? [nameOf(one.row)] : [])));
  const changed = traces
    .filter((row) => contested.has(nameOf(row)) || !isSameFields(row, stored.get(nameOf(row))))
    .map((row) => ({ ...ownId(row), fields: row, isContested: contested.has(nameOf(row)) }));
  const writing = [
    // Rows that go in now have the right fields already: only what is stored can differ.
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
  // To the end of each, also when one fails: what is still on its way when the jobs are settled would come behind a deletion.
  await Promise.allSettled(writing);
  const [differing] = await Promise.all(writing);
  await rewriteTraceFields(deps.clickhouse, deps.eventsTable, { traces: differing, version: request.version, signal });
  // Last: what is stored of a trace tells that its rows of events have been brought in step, also to an attempt after a crash.
  await insert("traces", [...traces, ...stale.traces]);
  if (deps.writesAggregates) await writeAggregates(deps, request, traces, entities);
  await rememberSessions(
    deps.db,
    traces.flatMap(({ project_id, session_id, environment }) =>
      session_id === null || session_id === "" ? [] : [{ projectId: project_id, id: session_id, environment }],
    ),
  );
};

type Owned = { project_id: string; id: string };
const ownId = ({ project_id, id }: Owned): OwnedId => ({ projectId: project_id, id });
const nameOf = (row: Owned): string => ownedName(ownId(row));
const traceOf = ({ project_id, trace_id }: { project_id: string; trace_id: string }): OwnedId => ({ projectId: project_id, id: trace_id });

const earliest = (createdAt: string, stored: StoredTrace | undefined): string =>
  stored !== undefined && stored.createdAt < createdAt ? stored.createdAt : createdAt;

/** A trace that was never stored may have rows of events all the same: its observations may have come first. */
const isSameFields = (row: TraceFields, stored: TraceFields | undefined): boolean =>
  stored !== undefined &&
  row.name === stored.name &&
  row.user_id === stored.user_id &&
  row.session_id === stored.session_id &&
  row.release === stored.release &&
  row.public === stored.public &&
  row.bookmarked === stored.bookmarked &&
  JSON.stringify(row.tags) === JSON.stringify(stored.tags);

type Stale = Record<KeyedTable, Row[]> & {
  /** When what is stored was first stored, by table and `ownedName`. */
  createdAt: Map<string, string>;
};

const keptCreation = <Stored extends Owned & { created_at: string }>(table: KeyedTable, row: Stored, { createdAt }: Stale): Stored => {
  const stored = createdAt.get(`${table}/${nameOf(row)}`);
  return stored !== undefined && stored < row.created_at ? { ...row, created_at: stored } : row;
};

/**
 * Finds what is stored of these entities: when each was first stored, and the rows under sort keys that it no longer has. Those are written
 * again as deleted, with the version of the new row, so that neither wins without the other. Only an entity with several files, or a
 * rewritten one, can have been re-keyed.
 */
const findStale = async (deps: WriteDeps, request: WriteRequest, entities: readonly MergedEntity[]): Promise<Stale> => {
  const stale: Stale = { traces: [], observations: [], scores: [], events: [], createdAt: new Map() };
  const rekeyable = entities.filter(({ entity }) => entity.filesTotal > 1 || entity.isRewritten);
  const possible = rekeyable.flatMap(({ entity }) =>
    possibleSortKeys(entity).map((sortKey) => ({ projectId: entity.projectId, id: columnText(entity.entityId), sortKey })),
  );
  const look = async (
    table: KeyedTable,
    physical: string,
    found: readonly (OwnedId & { days: string[]; isHome: (key: Row) => boolean })[],
  ) => {
    const byId = new Map(found.map((one) => [ownedName(one), one]));
    const stored = await loadStoredSortKeys(deps.clickhouse, table, physical, {
      wanted: found,
      signal: request.signal,
    });
    for (const { createdAt, ...sortKey } of stored) {
      const name = `${table}/${ownedName(sortKey)}`;
      const known = stale.createdAt.get(name);
      if (known === undefined || createdAt < known) stale.createdAt.set(name, createdAt);
    }
    const away = [...stored, ...possible.flatMap((one) => (one.sortKey.table === table ? [{ ...one, key: one.sortKey.key }] : []))];
    const rows = new Map<string, Row>();
    for (const { projectId, id, key } of away)
      if (byId.get(ownedName({ projectId, id }))?.isHome(key) === false)
        rows.set(JSON.stringify([projectId, id, key]), {
          project_id: projectId,
          [table === "events" ? "span_id" : "id"]: id,
          ...key,
          event_ts: instantText(request.version),
          is_deleted: 1,
        });
    stale[table].push(...rows.values());
  };
  const day = (time: unknown) => String(time).slice(0, 10);
  await Promise.all([
    look(
      "traces",
      "traces",
      rekeyable.flatMap((one) =>
        one.kind === "trace"
          ? [{ ...ownId(one.row), days: daysOf(one.entity.events), isHome: (key) => day(key["timestamp"]) === day(one.row.timestamp) }]
          : [],
      ),
    ),
    look(
      "scores",
      "scores",
      rekeyable.flatMap((one) =>
        one.kind === "score"
          ? [
              {
                ...ownId(one.row),
                days: daysOf([...one.entity.events, ...one.entity.refused]),
                isHome: (key) => day(key["timestamp"]) === day(one.row.timestamp) && key["name"] === one.row.name,
              },
            ]
          : [],
      ),
    ),
    look(
      "observations",
      "observations",
      rekeyable.flatMap((one) =>
        one.kind === "observation"
          ? [
              {
                ...ownId(one.merged.row),
                days: daysOf(one.entity.events),
                isHome: (key) => day(key["start_time"]) === day(one.merged.row.start_time) && key["type"] === one.merged.row.type,
              },
            ]
          : [],
      ),
    ),
    look(
      "events",
      deps.eventsTable,
      rekeyable.flatMap((one) =>
        one.kind === "observation"
          ? [
              {
                ...ownId(one.merged.row),
                days: daysOf(one.entity.events),
                isHome: (key) => key["start_time"] === one.merged.row.start_time && key["trace_id"] === one.merged.row.trace_id,
              },
            ]
          : [],
      ),
    ),
  ]);
  return stale;
};
