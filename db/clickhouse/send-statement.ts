/** ClickHouse: one statement through the client, in the way its length and its external tables require. */
import type { ClickHouseClient } from "@clickhouse/client-web";
import type { ExternalTable } from "../../core/query/external-table.ts";
import { carryStatement } from "./carry-statement.ts";
import { type Beside, besideHeader, type PendingBodies } from "./raw-fetch.ts";
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
 * Returns how to send a statement. `pending` is shared with the fetch of this client, which takes tables and rows from there. With `lines`,
 * the statement is an INSERT without parameters.
 */
export const createStatementSender = (client: ClickHouseClient, pending: PendingBodies) => {
  let calls = 0;
  return async (
    { sql, params = {}, queryId, lines }: Pick<Statement, "sql" | "params" | "queryId"> & { lines?: RowLines },
    { settings, headers = {}, signal }: SendOptions,
  ) => {
    const carried = carryStatement(sql, params, settings);
    const key = String(++calls);
    const beside = besideOf(carried.tables, lines);
    if (beside !== undefined) pending.set(key, beside);
    try {
      return await client.exec({
        query: carried.sql,
        query_params: carried.params,
        clickhouse_settings: carried.settings,
        http_headers: beside === undefined ? headers : { ...headers, [besideHeader]: key },
        ...(queryId === undefined ? {} : { query_id: queryId }),
        abort_signal: signal,
      });
    } finally {
      pending.delete(key);
    }
  };
};

const besideOf = (tables: readonly [string, ExternalTable][], lines: RowLines | undefined): Beside | undefined => {
  if (lines !== undefined) return { lines };
  return tables.length > 0 ? { tables } : undefined;
};

export type SendStatement = ReturnType<typeof createStatementSender>;
