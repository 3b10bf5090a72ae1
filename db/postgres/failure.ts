/**
 * Failures of Postgres and its drivers as ours, from SQLSTATE and never from text. Drizzle's error carries statement and parameters, and so may
 * the server's message: neither goes further than here.
 */
import { DrizzleQueryError } from "drizzle-orm/errors";
import { AppError, toAppError } from "../../core/errors.ts";

/**
 * Connection failures (08), transactions given up for another (40), no room (53), and shutdown, failover or a cancelled statement (57):
 * over as soon as the server is well. https://www.postgresql.org/docs/18/errcodes-appendix.html
 */
const unavailable = /^(08|40|53|57)/;
/** Data the columns cannot hold (22), and rows too large for an index or a page (54000): it is the caller's data. */
const refused = /^(22|54000$)/;

/** The failure of a statement or a connection as an AppError; undefined for everything else. A driver's failure without SQLSTATE is one of the connection. */
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

/** Any failure as ours. Postgres first: the error of its driver carries statement and values, which belong neither into a log nor into a job. */
export const failureOf = (error: unknown): AppError => postgresFailure(error) ?? toAppError(error);

/** Any failure as text for the log, without the values of a statement. */
export const describeFailure = (error: unknown): string => postgresFailure(error)?.detail ?? String(error);

/** What a driver throws when there is no connection, or no longer: an Error, or the event of a WebSocket. */
export const connectionFailure = (error: unknown): AppError => {
  const server = causesOf(error).find(isServerError);
  const text = error instanceof Error && !(error instanceof DrizzleQueryError) ? error.message : "the connection failed";
  return new AppError({ code: "DATABASE_UNAVAILABLE", detail: server === undefined ? text : describe(server), cause: error });
};

type ServerError = Error & { code: string; severity: string; routine?: unknown; table?: unknown; column?: unknown; constraint?: unknown };

/** Both drivers give the server's answer its severity; a code alone may be one of the system, such as EPIPE. */
const isServerError = (error: unknown): error is ServerError =>
  error instanceof Error && "severity" in error && "code" in error && typeof error.code === "string" && /^[0-9A-Z]{5}$/.test(error.code);

/** Names of the schema only: the message may quote a value. */
const describe = ({ code, routine, table, column, constraint }: ServerError): string =>
  [`postgres ${code}`, ...[routine, table, column, constraint].filter((name) => typeof name === "string")].join(" ");

const causesOf = (error: unknown): unknown[] => {
  const chain: unknown[] = [];
  for (let at = error; at !== undefined && chain.length < 8; at = at instanceof Error ? at.cause : undefined) chain.push(at);
  return chain;
};
