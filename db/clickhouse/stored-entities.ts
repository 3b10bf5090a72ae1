/** Ingestion, what is stored: the trace fields that rows of events copy, and the places where rows of an entity lie. Reads keys and short columns only. */
import { z } from "zod";
import type { TraceFields } from "../../core/ingestion/observation-event-row.ts";
import { externalTable } from "../../core/query/external-table.ts";
import type { ClickHouse } from "./client.ts";

/** An id of a project: batches hold those of many. */
export type OwnedId = { projectId: string; id: string };

/** Names it in a map. */
export const ownedName = ({ projectId, id }: OwnedId): string => `${projectId} ${id}`;

/** As a table to travel with a query, and the condition that a row is of one of them. The sets of each column find the granules, by the sorting key and a bloom filter; the pairs the rows. */
export const handIds = (ids: readonly OwnedId[]) =>
  externalTable(
    "project_id String, id String",
    ids.map(({ projectId, id }) => ({ project_id: projectId, id })),
  );
export const isAmong = (table: string, id: string, alias = ""): string =>
  `${alias}project_id IN (SELECT project_id FROM ${table}) AND ${alias}${id} IN (SELECT id FROM ${table}) AND (${alias}project_id, ${alias}${id}) IN (SELECT project_id, id FROM ${table})`;

export type StoredTrace = TraceFields & { createdAt: string };

const StoredTraceRow = z.object({
  project_id: z.string(),
  id: z.string(),
  name: z.string(),
  user_id: z.string().nullable(),
  session_id: z.string().nullable(),
  tags: z.array(z.string()),
  release: z.string().nullable(),
  public: z.boolean(),
  bookmarked: z.boolean(),
  createdAt: z.string(),
});

/** The newest version of each trace that is not deleted, by `ownedName`; a trace that moved is deleted where it was with the same version. */
export const loadStoredTraces = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  ids: readonly OwnedId[],
  signal: AbortSignal,
): Promise<Map<string, StoredTrace>> => {
  if (ids.length === 0) return new Map();
  const rows = await clickhouse.queryRows({
    sql: `SELECT project_id, id, row.1 AS name, row.2 AS user_id, row.3 AS session_id, row.4 AS tags, row.5 AS release, row.6 AS public, row.7 AS bookmarked, toString(row.8) AS createdAt FROM (
        SELECT project_id, id, argMax(tuple(name, user_id, session_id, tags, release, public, bookmarked, created_at, is_deleted), (event_ts, is_deleted = 0)) AS row
        FROM traces WHERE ${isAmong("wanted_ids", "id")} GROUP BY project_id, id
      ) WHERE row.9 = 0`,
    params: { wanted_ids: handIds(ids) },
    signal,
  });
  return new Map(
    rows.map((row) => StoredTraceRow.parse(row)).map(({ project_id, id, ...fields }) => [ownedName({ projectId: project_id, id }), fields]),
  );
};

/** One place of an entity: the values of its sorting key, as they are written again to delete it. */
export type StoredPlace = OwnedId & { key: Record<string, string>; createdAt: string };

/** The tables of entities: their id, the time that is part of the key, and the columns of the key. */
export const placedTables = {
  traces: { id: "id", time: "timestamp", key: ["timestamp"] },
  observations: { id: "id", time: "start_time", key: ["type", "start_time"] },
  scores: { id: "id", time: "timestamp", key: ["timestamp", "name"] },
  events: { id: "span_id", time: "start_time", key: ["start_time", "trace_id"] },
} as const;
export type PlacedTable = keyof typeof placedTables;

/**
 * Where rows of these ids lie that are not deleted, on the days given: an entity was only ever stored at a time one of its events has named.
 * Both days are made by one conversion: outside 1970 to 2149 a Date is another day, and the same one only so. Uses the sorting key by day.
 */
export const loadStoredPlaces = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  table: PlacedTable,
  physical: string,
  { wanted, signal }: { wanted: readonly (OwnedId & { days: readonly string[] })[]; signal: AbortSignal },
): Promise<StoredPlace[]> => {
  if (wanted.length === 0) return [];
  const { id, time, key } = placedTables[table];
  const rows = await clickhouse.queryRows<Record<string, string>>({
    sql: `SELECT project_id AS found_project_id, ${id} AS found_id, toString(created_at) AS found_created_at, ${key.map((column) => `toString(${column}) AS key_${column}`).join(", ")}
      FROM ${physical} FINAL
      WHERE ${isAmong("wanted_ids", id)} AND toDate(${time}) IN (SELECT toDate(toDateTime64(concat(day, ' 00:00:00'), 3, 'UTC')) FROM wanted_days)`,
    params: {
      wanted_ids: handIds(wanted),
      wanted_days: externalTable(
        "day String",
        [...new Set(wanted.flatMap(({ days }) => days))].map((day) => ({ day })),
      ),
    },
    signal,
  });
  return rows.map((row) => ({
    projectId: row["found_project_id"] ?? "",
    id: row["found_id"] ?? "",
    createdAt: row["found_created_at"] ?? "",
    key: Object.fromEntries(key.map((column) => [column, row[`key_${column}`] ?? ""])),
  }));
};
