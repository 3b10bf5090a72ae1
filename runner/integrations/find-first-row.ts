/** Finds when the first row of a project was written, over all tables that are delivered. */
import type { PhysicalTables } from "../../core/query/build-query.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";

const versioned = (physical: PhysicalTables) => [physical.events, "traces", "observations", "scores", "dataset_run_items_rmt"];

/** ISO 8601 UTC with milliseconds, rounded down; null if the project has no row. Reads one column of the project's rows. */
export const findFirstRow = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  physical: PhysicalTables,
  projectId: string,
  signal: AbortSignal,
): Promise<string | null> => {
  const firsts = versioned(physical).map(
    (table) => `SELECT min(event_ts) AS first FROM ${table} WHERE project_id = {projectId:String} HAVING count() > 0`,
  );
  const [found] = await clickhouse.queryRows<{ ms: string; rows: string }>({
    sql: `SELECT toString(toUnixTimestamp64Milli(min(first))) AS ms, toString(count()) AS rows FROM (${firsts.join(" UNION ALL ")})`,
    params: { projectId },
    signal,
  });
  return found === undefined || found.rows === "0" ? null : new Date(Number(found.ms)).toISOString();
};
