/** Names of the scores of a project: each becomes a column of an export. */
import { AppError } from "../../core/errors.ts";
import type { ScoreName } from "../../core/exports/select-columns.ts";
import { newestOf } from "../../core/tables/relations.ts";
import type { ExportTable } from "../../core/tables/table.ts";
import type { ClickHouse } from "./client.ts";

/** More columns than this no reader handles well. */
const namesMax = 1000;

/** In the order of their names. Sessions have scores of their own; all others those of traces and observations. */
export const listScoreNames = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  table: ExportTable,
  projectId: string,
  signal?: AbortSignal,
): Promise<ScoreName[]> => {
  const owner = table.commentObject === "SESSION" ? "session_id" : "trace_id";
  const rows = await clickhouse.queryRows<{ name: string; isNumber: number; levels: ScoreName["levels"] }>({
    sql: `SELECT name, countIf(data_type NOT IN ('NUMERIC', 'BOOLEAN')) = 0 AS isNumber,
        multiIf(min(ifNull(observation_id, '') = '') = 1, 'trace', max(ifNull(observation_id, '') = '') = 0, 'observation', 'both') AS levels
      FROM ${newestOf("scores", ["name", "data_type", "trace_id", "observation_id", "session_id"])}
      WHERE ifNull(${owner}, '') != '' AND data_type IN ('NUMERIC', 'BOOLEAN', 'CATEGORICAL', 'TEXT') GROUP BY name ORDER BY name LIMIT ${namesMax + 1}`,
    params: { projectId },
    signal,
  });
  if (rows.length > namesMax)
    throw new AppError({ code: "TOO_MANY_SCORE_NAMES", message: `This project has more than ${namesMax} names of scores.` });
  return rows.map(({ name, isNumber, levels }) => ({ name, isNumber: isNumber === 1, levels }));
};
