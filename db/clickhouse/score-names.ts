/** Names of the scores of a project: each becomes a column of an export. */
import { AppError } from "../../core/errors.ts";
import { handSet } from "../../core/exports/handed-table.ts";
import { foldName, type ScoreName } from "../../core/exports/score-columns.ts";
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
  const rows = await clickhouse.queryRows<{ validName: string; isNumber: number; levels: ScoreName["levels"] }>({
    sql: `SELECT toValidUTF8(name) AS validName, countIf(data_type NOT IN ('NUMERIC', 'BOOLEAN')) = 0 AS isNumber,
        multiIf(min(ifNull(observation_id, '') = '') = 1, 'trace', max(ifNull(observation_id, '') = '') = 0, 'observation', 'both') AS levels
      FROM ${newestOf("scores", ["name", "data_type", "trace_id", "observation_id", "session_id"])}
      WHERE ifNull(${owner}, '') != '' AND data_type IN ('NUMERIC', 'BOOLEAN', 'CATEGORICAL', 'TEXT') GROUP BY validName ORDER BY validName LIMIT ${namesMax + 1}`,
    params: { projectId },
    signal,
  });
  if (rows.length > namesMax)
    throw new AppError({ code: "TOO_MANY_SCORE_NAMES", message: `This project has more than ${namesMax} names of scores.` });
  const names = rows.map(({ validName, isNumber, levels }): ScoreName => ({ name: validName, isNumber: isNumber === 1, levels }));
  const alike = Map.groupBy(names, ({ name }) => foldName(name));
  const rivals = [...alike.values()].flatMap((group) => (group.length > 1 ? group.map(({ name }) => name) : []));
  if (rivals.length === 0) return names;
  const first = await findFirstUse(clickhouse, projectId, rivals, signal);
  return names.map((one) => ({ ...one, firstMs: first.get(one.name) ?? 0 }));
};

/** When scores of these names were first stored, in any version and also where they are deleted by now. Reads the names of the project; asked only where two differ by case alone. */
const findFirstUse = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  projectId: string,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Map<string, number>> => {
  const rows = await clickhouse.queryRows<{ validName: string; ms: string }>({
    sql: `SELECT toValidUTF8(name) AS validName, toUnixTimestamp64Milli(min(created_at)) AS ms FROM scores
      WHERE project_id = {projectId:String} AND validName IN (SELECT v FROM score_names) GROUP BY validName`,
    params: { projectId, score_names: handSet(names) },
    signal,
  });
  return new Map(rows.map(({ validName, ms }) => [validName, Number(ms)]));
};
