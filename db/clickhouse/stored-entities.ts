/** Ingestion, what is stored: the trace fields that rows of events copy, and the places where rows of an entity lie. Reads keys and short columns only. */
import { z } from "zod";
import { handSet, handTable } from "../../core/exports/handed-table.ts";
import type { TraceFields } from "../../core/ingestion/observation-event-row.ts";
import type { ClickHouse } from "./client.ts";

export type StoredTrace = TraceFields & { createdAt: string };

const StoredTraceRow = z.object({
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

/** The newest version of each trace that is not deleted. Uses the bloom filter on id. */
export const loadStoredTraces = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  projectId: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, StoredTrace>> => {
  if (ids.length === 0) return new Map();
  const rows = await clickhouse.queryRows({
    sql: `SELECT id, row.1 AS name, row.2 AS user_id, row.3 AS session_id, row.4 AS tags, row.5 AS release, row.6 AS public, row.7 AS bookmarked, toString(row.8) AS createdAt FROM (
        SELECT id, argMax(tuple(name, user_id, session_id, tags, release, public, bookmarked, created_at, is_deleted), event_ts) AS row
        FROM traces WHERE project_id = {projectId:String} AND id IN (SELECT v FROM wanted_ids) GROUP BY id
      ) WHERE row.9 = 0`,
    params: { projectId, wanted_ids: handSet(ids) },
    signal,
  });
  return new Map(rows.map((row) => StoredTraceRow.parse(row)).map(({ id, ...fields }) => [id, fields]));
};

/** One place of an entity: the values of its sorting key, as they are written again to delete it. */
export type StoredPlace = { id: string; key: Record<string, string>; createdAt: string };

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
 * Both days are made by one conversion: outside 1970 to 2149 a Date is another day, and the same one only so. Uses the sorting key by day, then the bloom filter on id.
 */
export const loadStoredPlaces = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  table: PlacedTable,
  physical: string,
  { projectId, wanted, signal }: { projectId: string; wanted: readonly { id: string; days: readonly string[] }[]; signal: AbortSignal },
): Promise<StoredPlace[]> => {
  if (wanted.length === 0) return [];
  const { id, time, key } = placedTables[table];
  const rows = await clickhouse.queryRows<Record<string, string>>({
    sql: `SELECT ${id} AS found_id, toString(created_at) AS found_created_at, ${key.map((column) => `toString(${column}) AS key_${column}`).join(", ")}
      FROM ${physical} FINAL
      WHERE project_id = {projectId:String} AND toDate(${time}) IN (SELECT toDate(toDateTime64(concat(day, ' 00:00:00'), 3, 'UTC')) FROM wanted_days) AND ${id} IN (SELECT v FROM wanted_ids)`,
    params: {
      projectId,
      wanted_ids: handSet(wanted.map((one) => one.id)),
      wanted_days: handTable(
        "day String",
        [...new Set(wanted.flatMap(({ days }) => days))].map((day) => ({ day })),
      ),
    },
    signal,
  });
  return rows.map((row) => ({
    id: row["found_id"] ?? "",
    createdAt: row["found_created_at"] ?? "",
    key: Object.fromEntries(key.map((column) => [column, row[`key_${column}`] ?? ""])),
  }));
};
