/** ClickHouse: one statement through the client, in the way its length and its external tables require. */
import type { ClickHouseClient } from "@clickhouse/client-web";
import { carryStatement } from "./carry-statement.ts";
import { type PendingStatements, statementHeader } from "./raw-fetch.ts";
import type { RowLines } from "./row-lines.ts";

export type Statement = {
  sql: string;
  /** Bound by name; an ExternalTable is sent as an external table of that name. */
  params?: Record<string, unknown>;
  settings?: Record<string, string>;
  queryId?: string;
  signal?: AbortSignal | undefined;
  /** Without an answer by then, the query counts as lost. Default: the client's. */
  timeoutSeconds?: number;
};

type SendOptions = {
  settings: Record<string, string | number | undefined>;
  headers?: Record<string, string>;
  signal: AbortSignal;
};

/**
 * Returns how to send a statement. `pending` is shared with the fetch of this client, which takes the statement from there. With `lines`, it
 * is an INSERT without parameters.
 */
export const createStatementSender = (client: ClickHouseClient, pending: PendingStatements) => {
  let calls = 0;
  return async (
    { sql, params = {}, queryId, lines }: Pick<Statement, "sql" | "params" | "queryId"> & { lines?: RowLines },
    { settings, headers = {}, signal }: SendOptions,
  ) => {
    // Text behind the FORMAT of an insert would be a row, so its settings stay in the URL.
    const carried = lines === undefined ? carryStatement(sql, params, settings) : { sql, params: {}, settings, tables: [] };
    const key = String(++calls);
    pending.set(key, { sql: carried.sql, tables: carried.tables, lines });
    try {
      return await client.exec({
        // What the client is given stays in memory as long as the caller's signal does: the text of each slice of an export, for one.
        query: "-",
        query_params: carried.params,
        clickhouse_settings: carried.settings,
        http_headers: { ...headers, [statementHeader]: key },
        ...(queryId === undefined ? {} : { query_id: queryId }),
        abort_signal: signal,
      });
    } finally {
      pending.delete(key);
    }
  };
};

export type SendStatement = ReturnType<typeof createStatementSender>;
