/**
 * ClickHouse over HTTP, for the Worker and the runner: rows for small results, bytes for slices of an export. Translates failures to
 * AppErrors by ClickHouse's error code, never by its text.
 */
import { ClickHouseError, createClient } from "@clickhouse/client-web";
import type { ClickHouseErrorCode } from "../../core/engine-errors.ts";
import { AppError } from "../../core/errors.ts";
import type { ExternalTable } from "../../core/query/external-table.ts";
import { carryStatement, formOf } from "./carry-statement.ts";

/** The part of fetch that is needed: Workers, Bun and tests differ in the rest. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

export type ClickHouseConfig = {
  url: string;
  user: string;
  password: string;
  database: string;
  /** For statements without a timeout of their own; default 300. */
  timeoutSeconds?: number;
};

type Statement = {
  sql: string;
  /** Bound by name; a ExternalTable is sent as an external table of that name. */
  params?: Record<string, unknown>;
  settings?: Record<string, string>;
  queryId?: string;
  signal?: AbortSignal | undefined;
  /** Without an answer by then, the query counts as lost. */
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

/** Pinned for every query, whatever the server's profile says (measured traps: docs/architecture.md, "Reading ClickHouse"). */
const pinned: Record<string, string> = {
  readonly: "2",
  cancel_http_readonly_queries_on_client_close: "1",
  http_write_exception_in_output_format: "0",
  do_not_merge_across_partitions_select_final: "1",
  // Without it, older servers skip granules that hold a newer version under FINAL, and the old version reappears.
  use_skip_indexes_if_final_exact_mode: "1",
  output_format_json_quote_64bit_integers: "1",
  output_format_json_quote_decimals: "1",
  output_format_json_quote_denormals: "1",
  output_format_json_escape_forward_slashes: "0",
  output_format_json_named_tuples_as_objects: "1",
  output_format_json_validate_utf8: "0",
  date_time_output_format: "iso",
  // An alias of a file column never hides a table column that another expression reads.
  prefer_column_name_to_alias: "1",
  output_format_decimal_trailing_zeros: "0",
  session_timezone: "UTC",
  max_result_rows: "0",
  max_result_bytes: "0",
  // A profile may silently return less than everything.
  limit: "0",
  offset: "0",
  extremes: "0",
  use_query_cache: "0",
  skip_unavailable_shards: "0",
  result_overflow_mode: "throw",
  read_overflow_mode: "throw",
  read_overflow_mode_leaf: "throw",
  timeout_overflow_mode: "throw",
  timeout_overflow_mode_leaf: "throw",
  sort_overflow_mode: "throw",
  group_by_overflow_mode: "throw",
  distinct_overflow_mode: "throw",
  set_overflow_mode: "throw",
  join_overflow_mode: "throw",
  transfer_overflow_mode: "throw",
  format_csv_delimiter: ",",
  output_format_csv_crlf_end_of_line: "0",
  output_format_json_map_as_array_of_tuples: "0",
  output_format_json_array_of_rows: "0",
  output_format_write_statistics: "0",
  // Privacy rules and embedded documents rely on what this parser refuses.
  allow_simdjson: "1",
};

/** Pinned for every insert: the rows are written when the answer arrives, and a row that does not fit is an error. */
const writing = {
  async_insert: 0,
  date_time_input_format: "best_effort",
  input_format_skip_unknown_fields: 0,
  input_format_defaults_for_omitted_fields: 1,
  input_format_null_as_default: 0,
  session_timezone: "UTC",
  // Rows of a batch may start in any month. Too many parts are then the server's problem, never the batch's.
  max_partitions_per_insert_block: "0",
} as const;

/** ClickHouse's error codes by meaning (src/Common/ErrorCodes.cpp; names by errorCodeToName of 26.7). */
const codesByMeaning = {
  // The query itself, its settings or its types: a repeat gives the same error.
  CLICKHOUSE_QUERY_REJECTED: [16, 42, 43, 46, 47, 48, 53, 60, 62, 63, 73, 81, 115, 164, 179, 184, 207, 215, 344, 386, 427, 452, 456, 457],
  // Syntax tree or nesting beyond the server's limits.
  CLICKHOUSE_QUERY_TOO_LARGE: [167, 168, 306],
  CLICKHOUSE_RESOURCES: [158, 159, 241, 307, 396],
  // The whole server, whatever the query: too many queries or parts, a full or broken disk or bucket, a shutdown, a replica without its
  // keeper or its quorum, a node that does not answer.
  CLICKHOUSE_UNAVAILABLE: [74, 75, 76, 202, 209, 210, 225, 236, 242, 243, 252, 279, 285, 286, 319, 439, 473, 499, 745, 999],
  CLICKHOUSE_ACCESS_DENIED: [192, 193, 194, 497, 516],
} as const satisfies Partial<Record<ClickHouseErrorCode, readonly number[]>>;

const codes = new Map<string, ClickHouseErrorCode>(
  (Object.entries(codesByMeaning) as [ClickHouseErrorCode, readonly number[]][]).flatMap(([code, numbers]) =>
    numbers.map((number): [string, ClickHouseErrorCode] => [String(number), code]),
  ),
);

/** Translates ClickHouse's failure. An unknown code is worth a retry; a failure without a code is a connection failure. */
const clickHouseFailure = (error: unknown): AppError => {
  if (error instanceof AppError) return error;
  const detail = error instanceof Error ? error.message.slice(0, 2000) : String(error);
  if (!(error instanceof ClickHouseError)) return new AppError({ code: "CLICKHOUSE_UNAVAILABLE", detail, cause: error });
  const code: ClickHouseErrorCode = codes.get(error.code) ?? "CLICKHOUSE_QUERY_FAILED";
  return new AppError({
    code,
    message: `ClickHouse answered with error ${error.code}${error.type === undefined || error.type === "EXCEPTION" ? "" : ` (${error.type})`}.`,
    detail,
    cause: error,
  });
};

/** Returns whether a query's own `throwIf` ended it: error 395, FUNCTION_THROW_IF_VALUE_IS_NON_ZERO. */
export const isThrownByQuery = (error: unknown): boolean =>
  error instanceof AppError && error.cause instanceof ClickHouseError && error.cause.code === "395";

const tablesHeader = "x-spillway-tables";

/** Wraps fetch: leaves compressed bytes as they are, and sends external tables in a form body. */
const rawFetch = (baseFetch: Fetch, tablesOf: Map<string, [string, ExternalTable][]>): typeof fetch =>
  (async (input: RequestInfo | URL, init: RequestInit = {}) => {
    const raw: RequestInit & { decompress?: boolean } = { ...init };
    if (new Headers(init.headers).get("x-spillway-raw") !== null) raw.decompress = false;
    const headers = new Headers(init.headers);
    headers.delete("x-spillway-raw");
    raw.headers = headers;
    const tables = tablesOf.get(headers.get(tablesHeader) ?? "") ?? [];
    headers.delete(tablesHeader);
    if (tables.length > 0 && typeof init.body === "string") {
      headers.delete("content-type");
      raw.body = formOf(init.body, tables);
    }
    const response = await baseFetch(String(input), raw);
    if (response.status >= 400 && !isOfQuery(response)) throw await refusal(response);
    return raw.decompress === false ? readableFailure(response) : response;
  }) as typeof fetch;

/** Refusals by the server's HTTP layer (Poco) carry the code 1000 or none, as do those of a proxy in front of it. */
const isOfQuery = (response: Response): boolean => !["1000", null].includes(response.headers.get("x-clickhouse-exception-code"));

/** Translates a failure that does not come from a query. For Poco, only the text tells a refused request from a broken connection. */
const refusal = async (response: Response): Promise<AppError> => {
  const { status } = response;
  const detail = `HTTP ${status}: ${(await response.text()).slice(0, 2000)}`;
  const isPoco = detail.includes("Poco::Exception");
  const isTooLong = status === 413 || status === 414 || status === 431 || /HTML Form Exception|URI invalid or too long/.test(detail);
  const isRefused = !isPoco && status < 500 && status !== 408 && status !== 425 && status !== 429;
  const code: ClickHouseErrorCode =
    status === 401 || status === 403 || status === 407
      ? "CLICKHOUSE_ACCESS_DENIED"
      : isTooLong
        ? "CLICKHOUSE_QUERY_TOO_LARGE"
        : isRefused
          ? "CLICKHOUSE_QUERY_REJECTED"
          : "CLICKHOUSE_UNAVAILABLE";
  return new AppError({ code, message: `ClickHouse, or a proxy in front of it, answered ${status}.`, detail });
};

/**
 * Skips the body of a failed compressed answer, which never ends (measured on 26.7: no final chunk, connection kept open). The error code
 * is in the headers; the text stays in the server's log under the query id.
 */
const readableFailure = async (response: Response): Promise<Response> => {
  const code = response.headers.get("x-clickhouse-exception-code");
  const encoding = response.headers.get("content-encoding");
  if (code === null || encoding === null || encoding === "identity") return response;
  await response.body?.cancel();
  const headers = new Headers(response.headers);
  headers.delete("content-encoding");
  return new Response(`Code: ${code}. DB::Exception: the query failed, see the server's log. (EXCEPTION)`, { status: 500, headers });
};

export const createClickHouse = (config: ClickHouseConfig, baseFetch: Fetch): ClickHouse => {
  /** External tables passed around the client, which does not know of them. */
  const tablesOf = new Map<string, [string, ExternalTable][]>();
  let calls = 0;
  const client = createClient({
    url: config.url,
    username: config.user,
    password: config.password,
    database: config.database,
    // Each statement has its own timeout; the client's would end a stream that is still being read.
    request_timeout: 24 * 3600 * 1000,
    compression: { response: false, request: false },
    fetch: rawFetch(baseFetch, tablesOf),
    log: { level: 127 },
  });

  /** The client overwrites `onabort` of the given signal, so each query gets its own, which also ends a query that takes too long. */
  const bounded = async <R>(
    { signal, timeoutSeconds = config.timeoutSeconds ?? 300 }: Statement,
    run: (signal: AbortSignal) => Promise<R>,
  ): Promise<R> => {
    const late = new AbortController();
    // Not every runtime aborts the reading of a body with its request's signal, so the timeout is raced as well.
    let timer: ReturnType<typeof setTimeout> | undefined;
    const lateness = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        late.abort();
        reject(late.signal.reason);
      }, timeoutSeconds * 1000);
    });
    try {
      return await Promise.race([run(AbortSignal.any(signal === undefined ? [late.signal] : [signal, late.signal])), lateness]);
    } catch (error) {
      signal?.throwIfAborted();
      if (late.signal.aborted)
        throw new AppError({
          code: "CLICKHOUSE_UNAVAILABLE",
          message: `ClickHouse did not answer within ${timeoutSeconds} s.`,
          cause: error,
        });
      throw clickHouseFailure(error);
    } finally {
      if (timer !== undefined) clearTimeout(timer);
    }
  };

  /** Sends a statement in the way its length requires. */
  const exec = async (
    { sql, params = {}, queryId }: Pick<Statement, "sql" | "params" | "queryId">,
    settings: Record<string, string | number | undefined>,
    signal: AbortSignal,
    headers: Record<string, string> = {},
  ) => {
    const carried = carryStatement(sql, params, settings);
    const key = String(++calls);
    if (carried.tables.length > 0) tablesOf.set(key, carried.tables);
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
      tablesOf.delete(key);
    }
  };

  const queryRows: ClickHouse["queryRows"] = <Row>(statement: Statement) =>
    bounded(statement, async (signal) => {
      const whole = { ...statement, sql: `${statement.sql} FORMAT JSONEachRow` };
      const result = await exec(whole, { ...pinned, wait_end_of_query: 1, ...statement.settings }, signal);
      const text = await new Response(result.stream).text();
      return text
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Row);
    });

  const openBytes: ClickHouse["openBytes"] = (statement) =>
    bounded(statement, async (signal) => {
      const { settings, contentEncoding } = statement;
      const result = await exec(
        statement,
        {
          ...pinned,
          // The query finishes before the first byte is sent: status, row count and error code are exact, and a slow reader blocks no
          // query.
          wait_end_of_query: 1,
          buffer_size: String(256 * 1024 * 1024),
          enable_http_compression: contentEncoding === null ? 0 : 1,
          ...settings,
        },
        signal,
        { "accept-encoding": contentEncoding ?? "identity", "x-spillway-raw": "1" },
      );
      return {
        body: result.stream as ReadableStream<Uint8Array>,
        rows: resultRows(result.response_headers["x-clickhouse-summary"]),
        exceptionTag: String(result.response_headers["x-clickhouse-exception-tag"] ?? "") || null,
      };
    });

  const insertRows: ClickHouse["insertRows"] = ({ table, rows, token, signal }) =>
    bounded({ sql: "", signal }, async (abort) => {
      await client.insert({
        table,
        values: rows,
        format: "JSONEachRow",
        clickhouse_settings: { ...writing, insert_deduplication_token: token },
        abort_signal: abort,
      });
    });

  const command: ClickHouse["command"] = (statement) =>
    bounded(statement, async (abort) => {
      const settings = { ...writing, wait_end_of_query: 1, prefer_column_name_to_alias: 1, ...statement.settings };
      const result = await exec(statement, settings, abort);
      await new Response(result.stream).text();
    });

  const kill: ClickHouse["kill"] = async (queryIdPrefix) => {
    try {
      await client.command({
        query: "KILL QUERY WHERE startsWith(query_id, {prefix:String}) AND user = currentUser() ASYNC",
        query_params: { prefix: queryIdPrefix },
      });
    } catch (error) {
      throw clickHouseFailure(error);
    }
  };

  return { queryRows, openBytes, insertRows, command, kill };
};

const resultRows = (summary: unknown): number => {
  const rows = Number((JSON.parse(String(summary ?? "{}")) as { result_rows?: string }).result_rows);
  if (!Number.isSafeInteger(rows))
    throw new AppError({ code: "CLICKHOUSE_QUERY_FAILED", detail: "the answer carries no X-ClickHouse-Summary with result_rows" });
  return rows;
};
