/** Ingestion, events: gives all rows of some traces the fields these have now. */
import { handTable } from "../../core/exports/handed-table.ts";
import { type TraceFields, traceColumns } from "../../core/ingestion/observation-event-row.ts";
import type { ClickHouse } from "./client.ts";
import { isAmong, type OwnedId } from "./stored-entities.ts";

/** Columns that are stored and can be written; the server knows them best. */
const listColumns = async (clickhouse: Pick<ClickHouse, "queryRows">, table: string, signal: AbortSignal): Promise<string[]> => {
  const [name = "", database] = table.split(".").toReversed();
  const rows = await clickhouse.queryRows<{ name: string }>({
    sql: `SELECT name FROM system.columns WHERE database = ${database === undefined ? "currentDatabase()" : "{database:String}"} AND table = {table:String}
      AND default_kind IN ('', 'DEFAULT') ORDER BY position`,
    params: { table: name, ...(database === undefined ? {} : { database }) },
    signal,
  });
  return rows.map((row) => row.name);
};

/**
 * Writes those rows again whose copies differ, with `version`, inside the server: payloads do not leave it. Rows without a difference are left alone, so doing it
 * twice changes nothing. A trace without a release keeps what its rows tell by themselves. Uses the bloom filter on trace_id.
 */
export const rewriteTraceFields = async (
  clickhouse: ClickHouse,
  table: string,
  { traces, version, signal }: { traces: readonly (OwnedId & { fields: TraceFields })[]; version: string; signal: AbortSignal },
): Promise<void> => {
  if (traces.length === 0) return;
  const columns = await listColumns(clickhouse, table, signal);
  const copied: Record<string, string> = {
    trace_name: "n.trace_name",
    user_id: "n.user_id",
    session_id: "n.session_id",
    tags: "n.tags",
    release: "if(n.release = '', e.release, n.release)",
    public: "n.public",
    bookmarked: "n.bookmarked",
  };
  const written: Record<string, string> = {
    ...copied,
    event_ts: "parseDateTime64BestEffort({version:String}, 6, 'UTC')",
    updated_at: "parseDateTime64BestEffort({version:String}, 6, 'UTC')",
  };
  const differs = Object.entries(copied)
    .map(([column, value]) => `e.${column} != ${value}`)
    .join(" OR ");
  await clickhouse.command({
    sql: `INSERT INTO ${table} (${columns.join(", ")}) SELECT ${columns.map((column) => `${written[column] ?? `e.${column}`} AS ${column}`).join(", ")}
      FROM ${table} AS e FINAL INNER JOIN changed_traces AS n ON n.project_id = e.project_id AND n.id = e.trace_id
      WHERE ${isAmong("changed_traces", "trace_id", "e.")} AND (${differs})`,
    params: {
      version,
      changed_traces: handTable(
        "project_id String, id String, trace_name String, user_id String, session_id String, tags Array(String), release String, public Bool, bookmarked Bool",
        traces.map(({ projectId, id, fields }) => ({ project_id: projectId, id, ...traceColumns(fields, "") })),
      ),
    },
    signal,
  });
};
