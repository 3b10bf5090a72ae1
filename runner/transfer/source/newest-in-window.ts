/**
 * Stage 4, query: finds the rows with several versions in a window on write time, before the window is read. Each slice then compares its
 * rows with that list instead of reading the whole window again. Memory: one entry per such row, up to `idsMax`.
 */
import { fromClause, versionTuple, windowBounds } from "../../../core/query/build-query.ts";
import { externalTable } from "../../../core/query/external-table.ts";
import type { Sql } from "../../../core/query/sql.ts";
import type { ClickHouseSourceDeps } from "./clickhouse-source-deps.ts";
import type { SourceRequest } from "./export-source.ts";

/** A longer list is not sent with each slice; the slices then look the versions up themselves. */
const idsMax = 200_000;

const listName = "window_newest";

/** Returns the condition for the newest version of each row in the window, or undefined if there are too many rows with several. */
export const newestInWindow = async (
  { clickhouse, physical }: ClickHouseSourceDeps,
  { compiled: { table }, projectId, window, queryId, signal }: SourceRequest,
): Promise<Sql | undefined> => {
  const bounds = windowBounds(table, { projectId, window });
  const version = versionTuple(table);
  const found = await clickhouse.queryRows<{ id: string; us: string; live: number }>({
    sql: `SELECT row_id AS id, toString(newest.1) AS us, newest.2 AS live FROM (
        SELECT ${table.id} AS row_id, max(${version}) AS newest, min(${version}) AS oldest
        FROM ${fromClause(table, physical, { needsFinal: false, names: [bounds] })} WHERE e.project_id = {projectId:String} AND ${bounds.sql}
        GROUP BY row_id HAVING newest != oldest LIMIT ${idsMax + 1})`,
    params: bounds.params,
    queryId: `${queryId}-newest`,
    signal,
  });
  if (found.length > idsMax) return undefined;
  if (found.length === 0) return { sql: "1", uses: [], params: {} };
  return {
    sql: `(${table.id} NOT IN (SELECT id FROM ${listName}) OR (${table.id}, ${version}) IN (SELECT id, (us, live) FROM ${listName}))`,
    uses: [],
    params: { [listName]: externalTable("id String, us Int64, live UInt8", found) },
  };
};
