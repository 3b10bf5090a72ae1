/** Exports: lists the score names of a project, each of which becomes a column while there is room. */
import { externalSet } from "../../core/query/external-table.ts";
import { foldName, type ScoreName } from "../../core/query/score-columns.ts";
import { type ScoreNames, scoreColumnCharactersMax, scoreColumnsMax } from "../../core/query/select-columns.ts";
import { newestOf } from "../../core/query/tables/relations.ts";
import type { ExportTable } from "../../core/query/tables/table.ts";
import type { ClickHouse } from "./client.ts";

type NameRow = { validName: string; isLong: number; isNumber: number; levels: ScoreName["levels"]; total: string };

/**
 * Sessions have their own scores; all others use those of traces and observations. The oldest names get columns, so that later ones
 * displace none; sorted by name, as valid UTF-8. Names too long for a column are counted, never read.
 */
export const listScoreNames = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  table: ExportTable,
  projectId: string,
  signal?: AbortSignal,
): Promise<ScoreNames> => {
  const owner = table.commentObject === "SESSION" ? "session_id" : "trace_id";
  const fields = ["name", "data_type", "trace_id", "observation_id", "session_id", "created_at"];
  const rows = await clickhouse.queryRows<NameRow>({
    sql: `SELECT if(isLong, '', scoreName) AS validName, isLong, isNumber, levels, count() OVER () AS total FROM (
        SELECT toValidUTF8(name) AS scoreName, lengthUTF8(scoreName) > ${scoreColumnCharactersMax} AS isLong, min(created_at) AS since,
          countIf(data_type NOT IN ('NUMERIC', 'BOOLEAN')) = 0 AS isNumber,
          multiIf(min(ifNull(observation_id, '') = '') = 1, 'trace', max(ifNull(observation_id, '') = '') = 0, 'observation', 'both') AS levels
        FROM ${newestOf("scores", fields)}
        WHERE ifNull(${owner}, '') != '' AND data_type IN ('NUMERIC', 'BOOLEAN', 'CATEGORICAL', 'TEXT') GROUP BY scoreName
      ) ORDER BY isLong, since, scoreName LIMIT ${scoreColumnsMax}`,
    params: { projectId },
    signal,
  });
  const names = rows
    .filter(({ isLong }) => isLong === 0)
    .map(({ validName, isNumber, levels }): ScoreName => ({ name: validName, isNumber: isNumber === 1, levels }))
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const columns = await withFirstUse(clickhouse, projectId, names, signal);
  return { columns, nested: Number(rows[0]?.total ?? 0) - columns.length };
};

/**
 * Adds, for names that differ only by case, the instant at which a score of the name was first stored, in any version and even if since
 * deleted. Reads the project's names only then.
 */
const withFirstUse = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  projectId: string,
  names: readonly ScoreName[],
  signal: AbortSignal | undefined,
): Promise<readonly ScoreName[]> => {
  const alike = Map.groupBy(names, ({ name }) => foldName(name));
  const rivals = [...alike.values()].flatMap((group) => (group.length > 1 ? group.map(({ name }) => name) : []));
  if (rivals.length === 0) return names;
  const rows = await clickhouse.queryRows<{ validName: string; ms: string }>({
    sql: `SELECT toValidUTF8(name) AS validName, toUnixTimestamp64Milli(min(created_at)) AS ms FROM scores
      WHERE project_id = {projectId:String} AND validName IN (SELECT v FROM score_names) GROUP BY validName`,
    params: { projectId, score_names: externalSet(rivals) },
    signal,
  });
  const first = new Map(rows.map(({ validName, ms }) => [validName, Number(ms)]));
  return names.map((one) => ({ ...one, firstMs: first.get(one.name) ?? 0 }));
};
