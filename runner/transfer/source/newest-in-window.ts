/**
 * Stage 4, query: one pass over a window on write time before it is read. Finds the rows with several versions in it, so that each slice
 * compares its rows with that list instead of reading the whole window again, and adds up what the plan starts from. Memory: one entry per
 * row with several versions, up to `idsMax`; on the server one per row of the window.
 */
import { fromClause, notDeleted, versionTuple, windowBounds } from "../../../core/query/build-query.ts";
import { externalTable } from "../../../core/query/external-table.ts";
import { joinSql, type Sql } from "../../../core/query/sql.ts";
import type { PlanTotal } from "../../../db/clickhouse/plan-export.ts";
import type { ClickHouseSourceDeps } from "./clickhouse-source-deps.ts";
import type { SourceRequest } from "./export-source.ts";

/** A longer list is not sent with each slice; the slices then look the versions up themselves. */
const idsMax = 200_000;

const listName = "window_newest";

type NewestInWindow = {
  /** Condition for the newest version of each row in the window, or undefined if there are too many rows with several. */
  condition: Sql | undefined;
  /** Totals of these versions, without conditions that read payloads. */
  total: PlanTotal;
};

export const newestInWindow = async (
  { clickhouse, physical }: ClickHouseSourceDeps,
  { compiled, projectId, window, queryId, signal }: SourceRequest,
): Promise<NewestInWindow> => {
  const { table } = compiled;
  const bounds = windowBounds(table, { projectId, window });
  const version = versionTuple(table);
  const matches = joinSql(["1", ...compiled.cheapConditions], " AND ");
  const [found] = await clickhouse.queryRows<PlanTotal & { several: [id: string, us: string, live: number][] }>({
    sql: `SELECT countIf(counts) AS rows, sumIf(last.2, counts) AS bytes, minIf(last.1, counts) AS min_us, maxIf(last.1, counts) AS max_us,
        groupArrayIf(${idsMax + 1})((row_id, newest.1, newest.2), newest != oldest) AS several
      FROM (
        SELECT ${table.id} AS row_id, max(${version}) AS newest, min(${version}) AS oldest,
          argMax((toUnixTimestamp64Micro(${table.time}), toUInt64(${table.rowBytes.sql}), toUInt8(ifNull((${matches.sql}), 0) AND (${notDeleted(table, window)}))), ${version}) AS last,
          last.3 = 1 AS counts
        FROM ${fromClause(table, physical, { needsFinal: false, names: [bounds, matches, table.rowBytes] })}
        WHERE e.project_id = {projectId:String} AND ${bounds.sql}
        GROUP BY row_id)`,
    params: { ...matches.params, ...bounds.params },
    queryId: `${queryId}-newest`,
    signal,
  });
  const { several = [], ...total } = found ?? { rows: "0", bytes: "0", min_us: "0", max_us: "0" };
  if (several.length > idsMax) return { condition: undefined, total };
  if (several.length === 0) return { condition: { sql: "1", uses: [], params: {} }, total };
  const list = several.map(([id, us, live]) => ({ id, us, live }));
  const condition = {
    sql: `(${table.id} NOT IN (SELECT id FROM ${listName}) OR (${table.id}, ${version}) IN (SELECT id, (us, live) FROM ${listName}))`,
    uses: [],
    params: { [listName]: externalTable("id String, us Int64, live UInt8", list) },
  };
  return { condition, total };
};
