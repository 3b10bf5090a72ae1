/** Ingestion, events: updates the trace fields on all rows of some traces. */

import { type TraceFields, traceColumns } from "../../core/ingestion/observation-event-row.ts";
import { externalTable } from "../../core/query/external-table.ts";
import type { ClickHouse } from "./client.ts";
import { isAmong, type OwnedId, ownedName } from "./stored-entities.ts";

/** Lists columns that are stored and writable, as the server reports them. */
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
 * A trace with the fields its event rows must have. `isContested`: another attempt may write its rows with an earlier version, now or
 * later.
 */
type NamedTrace = OwnedId & { fields: TraceFields; isContested: boolean };

/** What a row copies from its trace `n`. If the trace has no release, rows keep their own. */
const copied: Record<string, string> = {
  trace_name: "n.trace_name",
  user_id: "n.user_id",
  session_id: "n.session_id",
  tags: "n.tags",
  release: "if(n.release = '', e.release, n.release)",
  public: "n.public",
  bookmarked: "n.bookmarked",
};

const handTraces = (traces: readonly NamedTrace[]) =>
  externalTable(
    "project_id String, id String, trace_name String, user_id String, session_id String, tags Array(String), release String, public Bool, bookmarked Bool, is_contested Bool",
    traces.map(({ projectId, id, fields, isContested }) => ({
      project_id: projectId,
      id,
      ...traceColumns(fields, ""),
      is_contested: isContested,
    })),
  );

const versionParam = "parseDateTime64BestEffort({version:String}, 6, 'UTC')";

const joined = "INNER JOIN changed_traces AS n ON n.project_id = e.project_id AND n.id = e.trace_id";
/**
 * Selects rows `e` of these traces whose copies differ from `n`, and for contested traces all older rows. Uses the bloom filter on
 * trace_id.
 */
const differing = `WHERE ${isAmong("changed_traces", "trace_id", "e.")} AND (n.is_contested AND e.event_ts < ${versionParam} OR ${Object.entries(
  copied,
)
  .map(([column, value]) => `e.${column} != ${value}`)
  .join(" OR ")})`;

/**
 * Condition on sort key columns alone: all versions of a row pass or none, so FINAL sees whole rows, and payloads of other rows are not
 * read. The instants bound the granules that FINAL adds, one of each part.
 */
const onlyTheirs = (table: string): string => {
  const theirs = (column: string) => `e.${column} IN (SELECT ${column} FROM ${table} WHERE ${isAmong("changed_traces", "trace_id")})`;
  return `PREWHERE e.project_id IN (SELECT project_id FROM changed_traces) AND ${theirs("span_id")} AND ${theirs("start_time")}`;
};

/** Returns the traces that may have rows to rewrite: checks all versions of a row, and reads short columns only. Most traces have none. */
export const findDiffering = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  table: string,
  { traces, version, signal }: { traces: readonly NamedTrace[]; version: string; signal: AbortSignal },
): Promise<NamedTrace[]> => {
  if (traces.length === 0) return [];
  const rows = await clickhouse.queryRows<{ projectId: string; id: string }>({
    sql: `SELECT DISTINCT e.project_id AS projectId, e.trace_id AS id FROM ${table} AS e ${joined} ${differing}`,
    params: { version, changed_traces: handTraces(traces) },
    signal,
  });
  const found = new Set(rows.map(ownedName));
  return traces.filter((trace) => found.has(ownedName(trace)));
};

/**
 * Rewrites the differing rows with `version`, inside the server, so payloads never leave it. Other rows stay, except those of contested
 * traces: this way an earlier version that arrives later has no effect. Idempotent.
 */
export const rewriteTraceFields = async (
  clickhouse: ClickHouse,
  table: string,
  { traces, version, signal }: { traces: readonly NamedTrace[]; version: string; signal: AbortSignal },
): Promise<void> => {
  if (traces.length === 0) return;
  const columns = await listColumns(clickhouse, table, signal);
  const written: Record<string, string> = {
    ...copied,
    event_ts: versionParam,
    updated_at: versionParam,
  };
  await clickhouse.command({
    sql: `INSERT INTO ${table} (${columns.join(", ")}) SELECT ${columns.map((column) => `${written[column] ?? `e.${column}`} AS ${column}`).join(", ")}
      FROM ${table} AS e FINAL ${joined} ${onlyTheirs(table)} ${differing}`,
    params: { version, changed_traces: handTraces(traces) },
    signal,
  });
};
