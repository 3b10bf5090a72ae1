/** ClickHouse: the fetch under the client. It does what the client cannot: compressed bytes kept as they are, external tables, and rows in pieces. */
import type { ExternalTable } from "../../core/query/external-table.ts";
import { formOf } from "./carry-statement.ts";
import { refusalFailure } from "./clickhouse-failure.ts";
import { insertBody, type RowLines } from "./row-lines.ts";

/** The part of fetch that is needed: Workers, Bun and tests differ in the rest. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Statements on their way, by the value of `statementHeader`: the client does not know of them. */
export type PendingStatements = Map<string, { sql: string; tables: readonly [string, ExternalTable][]; lines: RowLines | undefined }>;

/** Headers between the sender of a statement and this fetch; neither reaches the server. */
export const statementHeader = "x-spillway-statement";
export const rawHeader = "x-spillway-raw";

/** Wraps fetch: leaves compressed bytes as they are, sends external tables in a form body, and rows behind their statement. */
export const rawFetch = (baseFetch: Fetch, pending: PendingStatements): typeof fetch =>
  (async (input: RequestInfo | URL, init: RequestInit = {}) => {
    const raw: RequestInit & { decompress?: boolean; duplex?: "half" } = { ...init };
    if (new Headers(init.headers).get(rawHeader) !== null) raw.decompress = false;
    const headers = new Headers(init.headers);
    headers.delete(rawHeader);
    raw.headers = headers;
    const statement = pending.get(headers.get(statementHeader) ?? "");
    headers.delete(statementHeader);
    if (statement !== undefined) Object.assign(raw, bodyOf(statement, headers));
    const response = await baseFetch(String(input), raw);
    if (response.status >= 400 && !isOfQuery(response)) throw await refusalFailure(response);
    return raw.decompress === false ? readableFailure(response) : response;
  }) as typeof fetch;

const bodyOf = (
  { sql, tables, lines }: NonNullable<ReturnType<PendingStatements["get"]>>,
  headers: Headers,
): RequestInit & { duplex?: "half" } => {
  if (lines === undefined && tables.length === 0) return { body: sql };
  headers.delete("content-type");
  if (lines === undefined) return { body: formOf(sql, tables) };
  const { body, bytes } = insertBody(sql, lines);
  headers.set("content-length", String(bytes));
  return { body, duplex: "half" };
};

/** Refusals by the server's HTTP layer (Poco) carry the code 1000 or none, as do those of a proxy in front of it. */
const isOfQuery = (response: Response): boolean => !["1000", null].includes(response.headers.get("x-clickhouse-exception-code"));

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
