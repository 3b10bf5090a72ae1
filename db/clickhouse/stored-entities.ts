/**
 * Ingestion, stored state: reads the trace fields that event rows copy, and the sort keys under which an entity's rows are stored. Reads
 * keys and short columns only.
 */
import { z } from "zod";
import type { TraceFields } from "../../core/ingestion/observation-event-row.ts";
import { externalTable } from "../../core/query/external-table.ts";
import type { ClickHouse } from "./client.ts";

/** A project's id: batches hold those of many. */
export type OwnedId = { projectId: string; id: string };

/** Key of the id in a map. */
export const ownedName = ({ projectId, id }: OwnedId): string => `${projectId} ${id}`;

/**
 * The ids as an external table, and the condition that a row has one of them. The sets per column find the granules, by the sort key and a
 * bloom filter; the pairs find the rows.
 */
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

/**
 * Returns the newest version of each undeleted trace, keyed by `ownedName`. A re-keyed trace is deleted under its old key with the same
 * version.
 */
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

/** One sort key of an entity: the column values that are written again to delete it. */
type StoredSortKey = OwnedId & { key: Record<string, string>; createdAt: string };

/**
 * The entity tables: id, the time that is part of the sort key, the columns that say the sort key, and what the table sorts by beside project
 * and id. Rows that agree in that are versions of one row.
 */
const keyedTables = {
  traces: { id: "id", time: "timestamp", key: ["timestamp"], sortedBy: ["toDate(timestamp)"] },
  observations: { id: "id", time: "start_time", key: ["type", "start_time"], sortedBy: ["type", "toDate(start_time)"] },
  scores: { id: "id", time: "timestamp", key: ["timestamp", "name"], sortedBy: ["toDate(timestamp)", "name"] },
  events: { id: "span_id", time: "start_time", key: ["start_time", "trace_id"], sortedBy: ["start_time", "xxHash32(trace_id)"] },
} as const;
export type KeyedTable = keyof typeof keyedTables;

/** An id, and the days on which its rows may lie; null if they may lie on any. */
type WantedSortKeys = OwnedId & { days: readonly string[] | null };

/**
 * Returns the sort keys under which undeleted rows of these ids are stored on the given days: an entity was only ever stored at a time that
 * one of its events named. Uses the sort key by day. Ids without days are asked for by themselves and found by the filters on ids.
 * Both days come from one conversion: outside 1970 to 2149 a Date is another day, and only this makes them equal.
 */
export const loadStoredSortKeys = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  table: KeyedTable,
  physical: string,
  { wanted, signal }: { wanted: readonly WantedSortKeys[]; signal: AbortSignal },
): Promise<StoredSortKey[]> => {
  const ofDays = wanted.filter(({ days }) => days !== null);
  const ofAnyDay = wanted.filter(({ days }) => days === null);
  const found = await Promise.all([ofDays, ofAnyDay].map((some) => loadSortKeys(clickhouse, table, physical, { wanted: some, signal })));
  return found.flat();
};

/** Either all of them have days or none has. */
const loadSortKeys = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  table: KeyedTable,
  physical: string,
  { wanted, signal }: { wanted: readonly WantedSortKeys[]; signal: AbortSignal },
): Promise<StoredSortKey[]> => {
  const [first] = wanted;
  if (first === undefined) return [];
  const isOnTheDays =
    first.days === null
      ? ""
      : ` AND toDate(${keyedTables[table].time}) IN (SELECT toDate(toDateTime64(concat(day, ' 00:00:00'), 3, 'UTC')) FROM wanted_days)`;
  const { id, key, sortedBy } = keyedTables[table];
  // Not FINAL: it would add all granules whose sort keys overlap with those that the filters on ids find, which is nearly all of a project.
  const rows = await clickhouse.queryRows<Record<string, string>>({
    sql: `SELECT found_project_id, found_id, toString(newest.1) AS found_created_at, ${key.map((column, at) => `toString(newest.${at + 3}) AS key_${column}`).join(", ")}
      FROM (
        SELECT project_id AS found_project_id, ${id} AS found_id, argMax(tuple(created_at, is_deleted, ${key.join(", ")}), (event_ts, is_deleted = 0)) AS newest
        FROM ${physical} WHERE ${isAmong("wanted_ids", id)}${isOnTheDays} GROUP BY project_id, ${id}, ${sortedBy.join(", ")}
      ) WHERE newest.2 = 0`,
    params: {
      wanted_ids: handIds(wanted),
      ...(first.days === null
        ? {}
        : {
            wanted_days: externalTable(
              "day String",
              [...new Set(wanted.flatMap(({ days }) => days ?? []))].map((day) => ({ day })),
            ),
          }),
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
