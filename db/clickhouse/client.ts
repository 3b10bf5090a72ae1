/**
 * ClickHouse over HTTP, for the Worker and the runner alike: rows for small answers, bytes for slices of an export.
 * Foreign failures become AppErrors here, from ClickHouse's error code, never from its text.
 */
import { ClickHouseError, createClient } from "@clickhouse/client-web";
import { AppError, type ErrorCode } from "../../core/errors.ts";
import type { ExternalTable } from "../../core/query/external-table.ts";
import { carryStatement, formOf } from "./carry-statement.ts";

/** What is needed of fetch: Workers, Bun and tests differ in the rest. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

export type ClickHouseConfig = {
  url: string;
  user: string;
  password: string;
  database: string;
  /** Of statements that name no time of their own; 300. */
  timeoutSeconds?: number;
};

type Statement = {
  sql: string;
  /** Bound by name; a ExternalTable travels as a table of that name. */
  params?: Record<string, unknown>;
  settings?: Record<string, string>;
  queryId?: string;
  signal?: AbortSignal | undefined;
  /** Without an answer by then, the query counts as lost. */
  timeoutSeconds?: number;
};

/** One answer in ClickHouse's final bytes. The query has ended on the server before this exists, so `rows` is exact. */
export type ByteAnswer = { body: ReadableStream<Uint8Array>; rows: number; exceptionTag: string | null };

export type ClickHouse = {
  /** Runs a small query and holds its rows. 64-bit integers and decimals arrive as strings. */
  queryRows: <Row>(statement: Statement) => Promise<Row[]>;
  /** Runs a query to its end on the server, then streams its bytes, still compressed when `contentEncoding` is given. */
  openBytes: (statement: Statement & { contentEncoding: string | null }) => Promise<ByteAnswer>;
  /** Inserts rows as JSONEachRow, written when this resolves. The same token again inserts nothing (within the last thousand inserts of the table). */
  insertRows: (insert: { table: string; rows: readonly object[]; token: string; signal?: AbortSignal | undefined }) => Promise<void>;
  /** Runs a statement that writes, changes or removes rows inside the server, to its end. */
  command: (statement: Statement) => Promise<void>;
  /** Stops the queries whose id starts so. Does not wait: a query blocked on its reader takes 30 s to notice (measured). */
  kill: (queryIdPrefix: string) => Promise<void>;
};

/** Pinned for every query, whatever the server's profile says (measured traps: docs/architecture.md, "Reading ClickHouse"). */
const pinned: Record<string, string> = {
  readonly: "2",
  cancel_http_readonly_queries_on_client_close: "1",
  http_write_exception_in_output_format: "0",
  do_not_merge_across_partitions_select_final: "1",
  // Without it, older servers skip granules that hold a newer version under FINAL, and the old one comes back.
  use_skip_indexes_if_final_exact_mode: "1",
  output_format_json_quote_64bit_integers: "1",
  output_format_json_quote_decimals: "1",
  output_format_json_quote_denormals: "1",
  output_format_json_escape_forward_slashes: "0",
  output_format_json_named_tuples_as_objects: "1",
  output_format_json_validate_utf8: "0",
  date_time_output_format: "iso",
  // An alias of a file column never hides a column of the table that another expression reads.
  prefer_column_name_to_alias: "1",
  output_format_decimal_trailing_zeros: "0",
  session_timezone: "UTC",
  max_result_rows: "0",
  max_result_bytes: "0",
  // A profile may ask for less than everything, and most of it silently.
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

/** Pinned for every insert: what was written is there when the answer comes, and a row that does not fit is an error. */
const writing = {
  async_insert: 0,
  date_time_input_format: "best_effort",
  input_format_skip_unknown_fields: 0,
  input_format_defaults_for_omitted_fields: 1,
  input_format_null_as_default: 0,
  session_timezone: "UTC",
  // Rows of a batch may begin in any month. What has too many parts is the server, then, never the batch.
  max_partitions_per_insert_block: "0",
} as const;

/** ClickHouse's error codes by what they mean to us (src/Common/ErrorCodes.cpp; names by errorCodeToName of 26.7). */
const codesByMeaning = {
  // The query as it is written, its settings or its types: the same again gives the same.
  CLICKHOUSE_QUERY_REJECTED: [16, 42, 43, 46, 47, 48, 53, 60, 62, 63, 73, 81, 115, 164, 179, 184, 207, 215, 344, 386, 427, 452, 456, 457],
  // Syntax tree or nesting beyond the server's bounds.
  CLICKHOUSE_QUERY_TOO_LARGE: [167, 168, 306],
  CLICKHOUSE_RESOURCES: [158, 159, 241, 307, 396],
  // The server as a whole, whatever the query: too many queries or parts, a full or broken disk or bucket, a shutdown, a replica without its keeper or its quorum, a node that
  // does not answer.
  CLICKHOUSE_UNAVAILABLE: [74, 75, 76, 202, 209, 210, 225, 236, 242, 243, 252, 279, 285, 286, 319, 439, 473, 499, 745, 999],
  CLICKHOUSE_ACCESS_DENIED: [192, 193, 194, 497, 516],
} as const satisfies Partial<Record<ErrorCode, readonly number[]>>;

const codes = new Map<string, ErrorCode>(
  (Object.entries(codesByMeaning) as [ErrorCode, readonly number[]][]).flatMap(([code, numbers]) =>
    numbers.map((number): [string, ErrorCode] => [String(number), code]),
  ),
);

/** ClickHouse's failure as ours; an unknown code is worth another try, a failure without a code is one of the connection. */
export const clickHouseFailure = (error: unknown): AppError => {
  if (error instanceof AppError) return error;
  const detail = error instanceof Error ? error.message.slice(0, 2000) : String(error);
  if (!(error instanceof ClickHouseError)) return new AppError({ code: "CLICKHOUSE_UNAVAILABLE", detail, cause: error });
  const code = codes.get(error.code) ?? "CLICKHOUSE_QUERY_FAILED";
  return new AppError({
    code,
    message: `ClickHouse answered with error ${error.code}${error.type === undefined || error.type === "EXCEPTION" ? "" : ` (${error.type})`}.`,
    detail,
    cause: error,
  });
};

/** Whether a query ended because a `throwIf` of its own said so: error 395, FUNCTION_THROW_IF_VALUE_IS_NON_ZERO. */
export const isThrownByQuery = (error: unknown): boolean =>
  error instanceof AppError && error.cause instanceof ClickHouseError && error.cause.code === "395";

const tablesHeader = "x-spillway-tables";

/** fetch that keeps compressed bytes as they are, and sends external tables in a form body. */
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

/** What the server's HTTP layer (Poco) refuses carries the code 1000, or none, as does what a proxy before it refuses. */
const isOfQuery = (response: Response): boolean => !["1000", null].includes(response.headers.get("x-clickhouse-exception-code"));

/** A failure that does not come from a query. Of Poco's only the text tells a request that is refused from a connection that broke. */
const refusal = async (response: Response): Promise<AppError> => {
  const { status } = response;
  const detail = `HTTP ${status}: ${(await response.text()).slice(0, 2000)}`;
  const isPoco = detail.includes("Poco::Exception");
  const isTooLong = status === 413 || status === 414 || status === 431 || /HTML Form Exception|URI invalid or too long/.test(detail);
  const isRefused = !isPoco && status < 500 && status !== 408 && status !== 425 && status !== 429;
  const code =
    status === 401 || status === 403 || status === 407
      ? "CLICKHOUSE_ACCESS_DENIED"
      : isTooLong
        ? "CLICKHOUSE_QUERY_TOO_LARGE"
        : isRefused
          ? "CLICKHOUSE_QUERY_REJECTED"
          : "CLICKHOUSE_UNAVAILABLE";
  return new AppError({ code, message: `ClickHouse, or a proxy before it, answered ${status}.`, detail });
};

/**
 * A failed answer in compressed bytes never ends (measured on 26.7: no final chunk, connection kept open), so it is not read:
 * the error code is in its head. The text stays in the server's log, under the query id.
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
  /** Tables on their way through the client, which knows nothing of them. */
  const tablesOf = new Map<string, [string, ExternalTable][]>();
  let calls = 0;
  const client = createClient({
    url: config.url,
    username: config.user,
    password: config.password,
    database: config.database,
    // Each statement has its own time; the client's would end a stream that is being read.
    request_timeout: 24 * 3600 * 1000,
    compression: { response: false, request: false },
    fetch: rawFetch(baseFetch, tablesOf),
    log: { level: 127 },
  });

  /** The client takes over `onabort` of the signal it is given, so each query gets one of its own; it also ends a query that takes too long. */
  const bounded = async <R>(
    { signal, timeoutSeconds = config.timeoutSeconds ?? 300 }: Statement,
    run: (signal: AbortSignal) => Promise<R>,
  ): Promise<R> => {
    const late = new AbortController();
    // Not every runtime ends the reading of a body with the signal of its request: so the time is raced as well.
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
      clearTimeout(timer);
    }
  };

  /** Sends a statement the way its length asks for. */
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
          // The query ends before the first byte leaves: status, row count and error code are exact, and a slow reader blocks no query.
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
