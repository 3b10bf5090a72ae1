/** Retention: removes from the aggregates whatever starts before an instant. A remaining trace may lose observations. */
import { aggregateTables } from "../../../core/traces/experiment-env.ts";
import type { ClickHouse } from "../client.ts";
import { idSlices } from "../id-slices.ts";
import { instantOf, type RunStatement } from "./delete-trace-aggregates.ts";
import { rebuildTraceAggregates } from "./rebuild-trace-aggregates.ts";

/**
 * Idempotent: the source of the aggregates is deleted last. Remaining traces are rebuilt without the deleted rows; whatever is written to
 * them at that moment may count twice (`rebuildTraceAggregates`).
 */
export const deleteOldAggregates = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  run: RunStatement,
  { projectId, before, signal }: { projectId: string; before: string; signal: AbortSignal },
): Promise<void> => {
  const isOld = `start_time < ${instantOf("before")}`;
  const ofProject = "project_id = {projectId:String}";
  const params = { projectId, before };
  const staying = await clickhouse.queryRows<{ id: string }>({
    sql: `SELECT id FROM traces_mt WHERE ${ofProject} AND id IN (SELECT id FROM traces_mt WHERE ${ofProject} AND ${isOld})
      GROUP BY id HAVING countIf(public IS NOT NULL) > 0 AND minIf(start_time, public IS NOT NULL) >= ${instantOf("before")}`,
    params,
    signal,
    timeoutSeconds: 3600,
  });
  for (const table of aggregateTables) await run(`DELETE FROM ${table} WHERE ${ofProject} AND ${isOld}`, params);
  for (const traceIds of idSlices(
    staying.map(({ id }) => id),
    1000,
  ))
    await rebuildTraceAggregates(run, { projectId, traceIds, since: before });
  await run(`DELETE FROM traces_mt WHERE ${ofProject} AND ${isOld}`, params);
};
