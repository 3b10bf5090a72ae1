/**
 * Turns errors into application/problem+json (RFC 9457) with a stable code, the request id and help. Only messages of AppErrors reach
 * callers.
 */

import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { AppError, type ErrorCode, errorTable, type FieldError } from "../../core/errors.ts";
import { failureOf } from "../../db/postgres/failure.ts";
import type { AppDeps, AppEnv } from "../deps.ts";

export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.enum(Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]]),
    requestId: z.string(),
    help: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })),
  })
  .openapi("Problem");

/** Error codes any request may end with. */
export const unforeseenCodes = ["INTERNAL", "DATABASE_UNAVAILABLE"] as const satisfies readonly ErrorCode[];

export const problemOf = (c: Context<AppEnv>, error: AppError): z.infer<typeof Problem> => {
  const { status, title, help } = errorTable[error.code];
  return {
    type: `https://spillway.dev/errors#${error.code.toLowerCase()}`,
    title,
    status,
    detail: error.message,
    instance: c.req.path,
    code: error.code,
    requestId: c.get("requestId"),
    help,
    errors: error.fields,
  };
};

/** Refusals of large reads. The link leads to the way that has no such limit. */
const pointsToExport: ReadonlySet<ErrorCode> = new Set(["ANSWER_TOO_LARGE", "RATE_LIMITED"]);
const exportLink = '</api/public/batch-exports>; rel="alternate"; title="Create an export"';

export const problemAnswer = (c: Context<AppEnv>, error: AppError): Response => {
  const body = problemOf(c, error);
  const { status } = body;
  if (status === 401 && !isFromPage(c)) c.header("www-authenticate", 'Basic realm="spillway", charset="UTF-8"');
  const retrySeconds = error.retryAfterSeconds ?? (status === 503 ? 5 : null);
  if (retrySeconds !== null) c.header("retry-after", String(retrySeconds));
  if (pointsToExport.has(error.code)) c.header("link", exportLink, { append: true });
  return c.body(JSON.stringify(body), status as ContentfulStatusCode, {
    "content-type": "application/problem+json; charset=utf-8",
    "cache-control": "no-store",
  });
};

/** A challenge would open the browser's own dialog for a name and a password over the console. Browsers send this header with every fetch of a page. */
const isFromPage = (c: Context<AppEnv>): boolean => c.req.header("sec-fetch-dest") === "empty";

/** Converts any failure of a request to the error its caller sees. */
export const requestError = (error: unknown): AppError => {
  if (error instanceof HTTPException)
    return new AppError({
      code: error.status === 413 ? "PAYLOAD_TOO_LARGE" : error.status === 415 ? "UNSUPPORTED_MEDIA_TYPE" : "INVALID_JSON",
      cause: error,
    });
  // A code set by the route takes precedence over that of the cause.
  return error instanceof AppError ? error : failureOf(error);
};

/** Logs the details the caller does not get. */
export const logProblem = (c: Context<AppEnv>, deps: Pick<AppDeps, "log">, known: AppError, error: unknown): void => {
  if (known.code !== "INTERNAL" && known.detail === undefined) return;
  deps.log({
    event: "request_failed",
    request_id: c.get("requestId"),
    code: known.code,
    detail: known.detail,
    stack: known.code === "INTERNAL" && error instanceof Error ? framesOf(error) : undefined,
  });
};

/** Returns the stack frames without the message, because drizzle's messages contain query parameters. */
const framesOf = ({ stack = "" }: Error): string => {
  const start = stack.search(/^\s+at /m);
  return start === -1 ? "" : stack.slice(start);
};

/** Formats `["query", "filter", 0, "operator"]` as `query.filter[0].operator`. */
export const fieldPath = (keys: readonly PropertyKey[]): string =>
  keys.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`),
    "",
  );

/** Converts zod issues to field errors with paths such as `query.filter[0].operator`. */
export const fieldErrors = (issues: readonly z.core.$ZodIssue[]): FieldError[] =>
  issues.flatMap((issue) => {
    const path = fieldPath(issue.path);
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => ({ path: path === "" ? key : `${path}.${key}`, message: "Unknown field." }));
    return [{ path, message: issue.message }];
  });
