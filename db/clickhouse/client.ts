/**
 * ClickHouse over HTTP, for the Worker and the runner: rows for small results, bytes for slices of an export. Translates failures to
 * AppErrors by ClickHouse's error code, never by its text.
 */
import { createClient } from "@clickhouse/client-web";
import type { ClickHouseCluster } from "../../core/clickhouse-cluster.ts";
import { AppError } from "../../core/errors.ts";
import { clickHouseFailure } from "./clickhouse-failure.ts";
import { clusterReadSettings, clusterWriteSettings, toEveryShard } from "./cluster.ts";
import { meaningSettings, readSettings, writeSettings } from "./pinned-settings.ts";
import { type Fetch, type PendingStatements, rawFetch, rawHeader } from "./raw-fetch.ts";
import { rowLines } from "./row-lines.ts";
import { createStatementSender, type SendStatement, type Statement } from "./send-statement.ts";
import { withDeadline } from "./with-deadline.ts";

export type ClickHouseConfig = {
  url: string;
  user: string;
  password: string;
  database: string;
  /** Unset: a single server, or one whose replicas need no care, such as ClickHouse Cloud. */
  cluster?: ClickHouseCluster | undefined;
  /** For statements without a timeout of their own; default 300. */
  timeoutSeconds?: number;
};

/** One answer in ClickHouse's final bytes. The query has finished on the server before this exists, so `rows` is exact. */
export type ByteAnswer = { body: ReadableStream<Uint8Array>; rows: number; exceptionTag: string | null };

export type ClickHouse = {
  /** Runs a small query and holds its rows. 64-bit integers and decimals arrive as strings. */
  queryRows: <Row>(statement: Statement) => Promise<Row[]>;
  /** Runs a query to its end on the server, then streams its bytes, still compressed if `contentEncoding` is given. */
  openBytes: (statement: Statement & { contentEncoding: string | null }) => Promise<ByteAnswer>;
  /**
   * Inserts rows as JSONEachRow; they are written when this resolves. A repeated token inserts nothing (within the last thousand inserts of
   * the table).
   */
  insertRows: (insert: { table: string; rows: readonly object[]; token: string; signal?: AbortSignal | undefined }) => Promise<void>;
  /** Runs a statement that writes, changes or removes rows inside the server, to its end. */
  command: (statement: Statement) => Promise<void>;
  /** Stops the queries whose id has this prefix. Does not wait: a query blocked on its reader takes 30 s to notice (measured). */
  kill: (queryIdPrefix: string) => Promise<void>;
};

export const createClickHouse = (config: ClickHouseConfig, baseFetch: Fetch): ClickHouse => {
  const pending: PendingStatements = new Map();
  const client = createClient({
    url: config.url,
    username: config.user,
    password: config.password,
    database: config.database,
    // Each statement has its own timeout; the client's would end a stream that is still being read.
    request_timeout: 24 * 3600 * 1000,
    compression: { response: false, request: false },
    fetch: rawFetch(baseFetch, pending),
    log: { level: 127 },
  });
  const { cluster } = config;
  const send = createStatementSender(client, pending);
  const reading = { ...readSettings, ...clusterReadSettings(cluster) };
  const writing = { ...writeSettings, ...clusterWriteSettings(cluster) };
  const bounded = <R>(
    { signal, timeoutSeconds = config.timeoutSeconds ?? 300 }: Pick<Statement, "signal" | "timeoutSeconds">,
    run: (signal: AbortSignal) => Promise<R>,
  ): Promise<R> => withDeadline({ signal, timeoutSeconds }, run);

  /**
   * For calls that are over when this resolves: the client listens on the signal for good. With the bodies in its closures, a batch held
   * every insert until it ended, 3 MB each (measured).
   */
  const whole: typeof bounded = (statement, run) =>
    bounded(statement, async (signal) => {
      try {
        return await run(signal);
      } finally {
        signal.onabort = null;
      }
    });

  return {
    queryRows: <Row>(statement: Statement) => whole(statement, (signal) => readRows<Row>(send, reading, statement, signal)),
    openBytes: (statement) => bounded(statement, (signal) => readBytes(send, reading, statement, signal)),
    insertRows: ({ table, rows, token, signal }) =>
      whole({ signal }, async (abort) => {
        const statement = { sql: `INSERT INTO ${table} FORMAT JSONEachRow`, lines: rowLines(rows) };
        const settings = { ...writing, insert_deduplication_token: token };
        const result = await send(statement, { settings, signal: abort });
        await new Response(result.stream).text();
      }),
    command: (statement) =>
      whole(statement, async (signal) => {
        const settings = { ...writing, ...meaningSettings, wait_end_of_query: 1, prefer_column_name_to_alias: 1, ...statement.settings };
        const result = await send({ ...statement, sql: toEveryShard(statement.sql, cluster) }, { settings, signal });
        await new Response(result.stream).text();
      }),
    kill: async (queryIdPrefix) => {
      try {
        await client.command({
          query: "KILL QUERY WHERE startsWith(query_id, {prefix:String}) AND user = currentUser() ASYNC",
          query_params: { prefix: queryIdPrefix },
        });
      } catch (error) {
        throw clickHouseFailure(error);
      }
    },
  };
};

type Settings = Readonly<Record<string, string>>;

const readRows = async <Row>(send: SendStatement, reading: Settings, statement: Statement, signal: AbortSignal): Promise<Row[]> => {
  const whole = { ...statement, sql: `${statement.sql} FORMAT JSONEachRow` };
  const result = await send(whole, { settings: { ...reading, wait_end_of_query: 1, ...statement.settings }, signal });
  const text = await new Response(result.stream).text();
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row);
};

const readBytes = async (
  send: SendStatement,
  reading: Settings,
  statement: Statement & { contentEncoding: string | null },
  signal: AbortSignal,
): Promise<ByteAnswer> => {
  const { contentEncoding } = statement;
  const result = await send(statement, {
    settings: {
      ...reading,
      // The query finishes before the first byte is sent: status, row count and error code are exact, and a slow reader blocks no query.
      wait_end_of_query: 1,
      buffer_size: String(256 * 1024 * 1024),
      enable_http_compression: contentEncoding === null ? 0 : 1,
      ...statement.settings,
    },
    headers: { "accept-encoding": contentEncoding ?? "identity", [rawHeader]: "1" },
    signal,
  });
  return {
    body: result.stream as ReadableStream<Uint8Array>,
    rows: resultRows(result.response_headers["x-clickhouse-summary"]),
    exceptionTag: String(result.response_headers["x-clickhouse-exception-tag"] ?? "") || null,
  };
};

const resultRows = (summary: unknown): number => {
  const rows = Number((JSON.parse(String(summary ?? "{}")) as { result_rows?: string }).result_rows);
  if (!Number.isSafeInteger(rows))
    throw new AppError({ code: "CLICKHOUSE_QUERY_FAILED", detail: "the answer carries no X-ClickHouse-Summary with result_rows" });
  return rows;
};
