/**
 * Postgres: translates failures of the server and its drivers, by SQLSTATE and never by text. Drizzle's error carries statement and
 * parameters, and the server's message may too: neither leaves this file.
 */
import { DrizzleQueryError } from "drizzle-orm/errors";
import { AppError, toAppError } from "../../core/errors.ts";

/**
 * Connection failures (08), transactions rolled back for another (40), insufficient resources (53), and shutdown, failover or a cancelled
 * statement (57): they pass as soon as the server recovers. https://www.postgresql.org/docs/18/errcodes-appendix.html
 */
const unavailable = /^(08|40|53|57)/;
/** Data the columns cannot hold (22), and rows too large for an index or a page (54000): the caller's data is at fault. */
const refused = /^(22|54000$)/;

/**
 * Translates the failure of a statement or connection; returns undefined for anything else. A driver failure without SQLSTATE is a
 * connection failure.
 */
export const postgresFailure = (error: unknown): AppError | undefined => {
  const chain = causesOf(error);
  const server = chain.find(isServerError);
  if (server !== undefined) {
    const detail = describe(server);
    if (unavailable.test(server.code)) return new AppError({ code: "DATABASE_UNAVAILABLE", detail, cause: error });
    if (refused.test(server.code))
      return new AppError({
        code: "INVALID_REQUEST",
        message: "A value of the request cannot be stored or compared.",
        detail,
        cause: error,
      });
    return new AppError({ code: "INTERNAL", detail, cause: error });
  }
  if (!chain.some((one) => one instanceof DrizzleQueryError)) return undefined;
  return chain.find((one) => one instanceof AppError) ?? connectionFailure(chain.at(-1));
};

/**
 * Translates any failure. Checks Postgres first: its driver's error carries statement and values, which belong in neither a log nor a job.
 */
export const failureOf = (error: unknown): AppError => postgresFailure(error) ?? toAppError(error);

/** Describes any failure for the log, without the values of a statement. */
export const describeFailure = (error: unknown): string => postgresFailure(error)?.detail ?? String(error);

/** Translates what a driver throws without a connection, or after losing it: an Error, or a WebSocket event. */
export const connectionFailure = (error: unknown): AppError => {
  const server = causesOf(error).find(isServerError);
  const text = error instanceof Error && !(error instanceof DrizzleQueryError) ? error.message : "the connection failed";
  return new AppError({ code: "DATABASE_UNAVAILABLE", detail: server === undefined ? text : describe(server), cause: error });
};

type ServerError = Error & { code: string; severity: string; routine?: unknown; table?: unknown; column?: unknown; constraint?: unknown };

/** Both drivers put the server's severity on its errors; a code alone may be a system code such as EPIPE. */
const isServerError = (error: unknown): error is ServerError =>
  error instanceof Error && "severity" in error && "code" in error && typeof error.code === "string" && /^[0-9A-Z]{5}$/.test(error.code);

/** Uses only schema names: the message may quote a value. */
const describe = ({ code, routine, table, column, constraint }: ServerError): string =>
  [`postgres ${code}`, ...[routine, table, column, constraint].filter((name) => typeof name === "string")].join(" ");

/** Returns the SQLSTATE of a server's error, wherever it is in the chain of causes. */
export const sqlState = (error: unknown): string | undefined => causesOf(error).find(isServerError)?.code;

const causesOf = (error: unknown): unknown[] => {
  const chain: unknown[] = [];
  for (let at = error; at !== undefined && chain.length < 8; at = at instanceof Error ? at.cause : undefined) chain.push(at);
  return chain;
};
