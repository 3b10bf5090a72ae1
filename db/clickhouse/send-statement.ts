/** ClickHouse: one statement through the client, in the way its length and its external tables require. */
import type { ClickHouseClient } from "@clickhouse/client-web";
import { carryStatement } from "./carry-statement.ts";
import { type PendingTables, tablesHeader } from "./raw-fetch.ts";

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

/** Returns how to send a statement. `pendingTables` is shared with the fetch of this client, which takes the tables from there. */
export const createStatementSender = (client: ClickHouseClient, pendingTables: PendingTables) => {
  let calls = 0;
  return async (
    { sql, params = {}, queryId }: Pick<Statement, "sql" | "params" | "queryId">,
    { settings, headers = {}, signal }: SendOptions,
  ) => {
    const carried = carryStatement(sql, params, settings);
    const key = String(++calls);
    if (carried.tables.length > 0) pendingTables.set(key, carried.tables);
    try {
      return await client.exec({
        query: carried.sql,
        query_params: carried.params,
        clickhouse_settings: carried.settings,
        http_headers: carried.tables.length > 0 ? { ...headers, [tablesHeader]: key } : headers,
        ...(queryId === undefined ? {} : { query_id: queryId }),
        abort_signal: signal,
      });
    } finally {
      pendingTables.delete(key);
    }
  };
};

export type SendStatement = ReturnType<typeof createStatementSender>;
