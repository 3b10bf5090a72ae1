/** Names of the scores of a project: each becomes a column of an export, as far as there is room. */
import { type ScoreName, type ScoreNames, scoreColumnCharactersMax, scoreColumnsMax } from "../../core/exports/select-columns.ts";
import { newestOf } from "../../core/tables/relations.ts";
import type { ExportTable } from "../../core/tables/table.ts";
import type { ClickHouse } from "./client.ts";

/**
 * Sessions have scores of their own; all others those of traces and observations. Those that were there first have a column, so that later ones take none away; they come in the
 * order of their names. Names that are too long for one are counted, never read.
 */
export const listScoreNames = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  table: ExportTable,
  projectId: string,
  signal?: AbortSignal,
): Promise<ScoreNames> => {
  const owner = table.commentObject === "SESSION" ? "session_id" : "trace_id";
  const fields = ["name", "data_type", "trace_id", "observation_id", "session_id", "created_at"];
  const rows = await clickhouse.queryRows<{ name: string; isLong: number; isNumber: number; levels: ScoreName["levels"]; total: string }>({
    sql: `SELECT if(isLong, '', scoreName) AS name, isLong, isNumber, levels, count() OVER () AS total FROM (
        SELECT name AS scoreName, lengthUTF8(name) > ${scoreColumnCharactersMax} AS isLong, min(created_at) AS since, countIf(data_type NOT IN ('NUMERIC', 'BOOLEAN')) = 0 AS isNumber,
          multiIf(min(ifNull(observation_id, '') = '') = 1, 'trace', max(ifNull(observation_id, '') = '') = 0, 'observation', 'both') AS levels
        FROM ${newestOf("scores", fields)}
        WHERE ifNull(${owner}, '') != '' AND data_type IN ('NUMERIC', 'BOOLEAN', 'CATEGORICAL', 'TEXT') GROUP BY name
      ) ORDER BY isLong, since, scoreName LIMIT ${scoreColumnsMax}`,
    params: { projectId },
    signal,
  });
  const columns = rows
    .filter(({ isLong }) => isLong === 0)
    .map(({ name, isNumber, levels }) => ({ name, isNumber: isNumber === 1, levels }))
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return { columns, nested: Number(rows[0]?.total ?? 0) - columns.length };
};
