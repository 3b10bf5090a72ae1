/** Removes rows for good: lightweight deletes, which hide rows at once and drop them with the next merges. Runs again without harm. */
import type { JobPayload } from "../../core/jobs/kinds.ts";
import { aggregateTables } from "../../core/traces/experiment-env.ts";
import type { ClickHouse } from "./client.ts";
import { deleteTraceAggregates } from "./traces/delete-trace-aggregates.ts";

/** By table: the column with the trace, and the time a retention looks at. */
const tablesOf = (eventsTable: string) => [
  { table: "traces", trace: "id", time: "timestamp" },
  { table: "observations", trace: "trace_id", time: "start_time" },
  { table: "scores", trace: "ifNull(trace_id, '')", time: "timestamp" },
  { table: "dataset_run_items_rmt", trace: "trace_id", time: "created_at" },
  { table: eventsTable, trace: "trace_id", time: "start_time" },
];

export const deleteStoredRows = async (
  clickhouse: Pick<ClickHouse, "command">,
  {
    projectId,
    eventsTable,
    what,
    signal,
  }: { projectId: string; eventsTable: string; what: JobPayload<"data.delete">; signal: AbortSignal },
): Promise<void> => {
  for (const { table, trace, time } of tablesOf(eventsTable)) {
    const condition =
      what.scope === "project"
        ? "1"
        : what.scope === "traces"
          ? `${trace} IN {traceIds:Array(String)}`
          : `${time} < parseDateTime64BestEffort({before:String}, 6, 'UTC')`;
    await clickhouse.command({
      sql: `DELETE FROM ${table} WHERE project_id = {projectId:String} AND ${condition}`,
      params: {
        projectId,
        ...(what.scope === "traces" ? { traceIds: what.traceIds } : what.scope === "before" ? { before: what.before } : {}),
      },
      signal,
      timeoutSeconds: 3600,
    });
  }
  const run = (sql: string, params: Record<string, unknown>) => clickhouse.command({ sql, params, signal, timeoutSeconds: 3600 });
  if (what.scope === "traces") await deleteTraceAggregates(run, { projectId, traceIds: what.traceIds });
  else
    for (const table of [...aggregateTables, "traces_mt"])
      await run(
        `DELETE FROM ${table} WHERE project_id = {projectId:String}${what.scope === "before" ? " AND start_time < parseDateTime64BestEffort({before:String}, 3, 'UTC')" : ""}`,
        { projectId, ...(what.scope === "before" ? { before: what.before } : {}) },
      );
};
