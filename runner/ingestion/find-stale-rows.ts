/**
 * Ingestion, before writing: finds when each entity of a batch was first stored, and its rows under sort keys that it no longer has.
 * Memory: the sort keys of one batch.
 */

import { columnText } from "../../core/ingestion/column-text.ts";
import type { IngestionEvent } from "../../core/ingestion/event.ts";
import { instantText } from "../../core/ingestion/rows.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { type KeyedTable, loadStoredSortKeys, type OwnedId, ownedName } from "../../db/clickhouse/stored-entities.ts";
import { daysOf, type MergedEntity } from "./merge-entity.ts";
import { nameOf, type OwnedRow, ownId } from "./owned-row.ts";
import { possibleSortKeys } from "./possible-sort-keys.ts";

type Row = Record<string, unknown>;

type StaleRows = Record<KeyedTable, Row[]> & {
  /** When each stored entity was first stored, by table and `ownedName`. */
  createdAt: Map<string, string>;
};

/** An entity that may have been re-keyed, with how to tell its present sort key from others. */
type Rekeyable = OwnedId & {
  /** Days that a row of it may ever have been stored on; null for any. */
  days: string[] | null;
  isHome: (key: Row) => boolean;
};

type StaleDeps = { clickhouse: ClickHouse; eventsTable: string };

/**
 * Returns the rows under former sort keys as deleted, with the version of the new row, so that neither is visible without the other. Only
 * an entity with several files, or a rewritten one, can have been re-keyed.
 */
export const findStaleRows = async (
  { clickhouse, eventsTable }: StaleDeps,
  { version, signal }: { version: string; signal: AbortSignal },
  entities: readonly MergedEntity[],
): Promise<StaleRows> => {
  const stale: StaleRows = { traces: [], observations: [], scores: [], events: [], createdAt: new Map() };
  const rekeyable = entities.filter(({ entity }) => entity.filesTotal > 1 || entity.isRewritten);
  const possible = rekeyable.flatMap(({ entity }) =>
    possibleSortKeys(entity).map((sortKey) => ({ projectId: entity.projectId, id: columnText(entity.entityId), sortKey })),
  );
  const look = async (table: KeyedTable, physical: string, found: readonly Rekeyable[]) => {
    const byId = new Map(found.map((one) => [ownedName(one), one]));
    const stored = await loadStoredSortKeys(clickhouse, table, physical, { wanted: found, signal });
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
          event_ts: instantText(version),
          is_deleted: 1,
        });
    stale[table].push(...rows.values());
  };
  await Promise.all([
    look("traces", "traces", rekeyable.flatMap(asTrace)),
    look("scores", "scores", rekeyable.flatMap(asScore)),
    look("observations", "observations", rekeyable.flatMap(asObservation)),
    look("events", eventsTable, rekeyable.flatMap(asEventRow)),
  ]);
  return stale;
};

/** Keeps the earlier `created_at` of a row that is already stored. */
export const keptCreation = <Stored extends OwnedRow & { created_at: string }>(
  table: KeyedTable,
  row: Stored,
  { createdAt }: StaleRows,
): Stored => {
  const stored = createdAt.get(`${table}/${nameOf(row)}`);
  return stored !== undefined && stored < row.created_at ? { ...row, created_at: stored } : row;
};

const day = (time: unknown): string => String(time).slice(0, 10);

/** An event that was sent again with other content may have named any day before. */
const daysOfRows = ({ entity }: MergedEntity, events: readonly IngestionEvent[]): string[] | null =>
  entity.isRewritten ? null : daysOf(events);

const asTrace = (one: MergedEntity): Rekeyable[] =>
  one.kind === "trace"
    ? [{ ...ownId(one.row), days: daysOfRows(one, one.entity.events), isHome: (key) => day(key["timestamp"]) === day(one.row.timestamp) }]
    : [];

const asScore = (one: MergedEntity): Rekeyable[] =>
  one.kind === "score"
    ? [
        {
          ...ownId(one.row),
          days: daysOfRows(one, [...one.entity.events, ...one.entity.refused]),
          isHome: (key) => day(key["timestamp"]) === day(one.row.timestamp) && key["name"] === one.row.name,
        },
      ]
    : [];

const asObservation = (one: MergedEntity): Rekeyable[] =>
  one.kind === "observation"
    ? [
        {
          ...ownId(one.merged.row),
          days: daysOfRows(one, one.entity.events),
          isHome: (key) => day(key["start_time"]) === day(one.merged.row.start_time) && key["type"] === one.merged.row.type,
        },
      ]
    : [];

/** The row of the events table that an observation has. Its sort key holds the whole time, not the day. */
const asEventRow = (one: MergedEntity): Rekeyable[] =>
  one.kind === "observation"
    ? [
        {
          ...ownId(one.merged.row),
          days: daysOfRows(one, one.entity.events),
          isHome: (key) => key["start_time"] === one.merged.row.start_time && key["trace_id"] === one.merged.row.trace_id,
        },
      ]
    : [];
