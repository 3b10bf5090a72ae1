/** Errors as application/problem+json (RFC 9457), with a stable code, the request id and what to do. Only AppErrors speak to callers. */

import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { AppError, type ErrorCode, errorTable, type FieldError, toAppError } from "../../core/errors.ts";
import type { AppEnv } from "../deps.ts";

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

export const problemAnswer = (c: Context<AppEnv>, error: AppError): Response => {
  const { status, title, help } = errorTable[error.code];
  const body: z.infer<typeof Problem> = {
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
  if (status === 401) c.header("www-authenticate", 'Basic realm="spillway", charset="UTF-8"');
  if (status === 503) c.header("retry-after", "5");
  return c.body(JSON.stringify(body), status as ContentfulStatusCode, {
    "content-type": "application/problem+json; charset=utf-8",
    "cache-control": "no-store",
  });
};

/** Any failure of a request as the error its caller sees. Postgres errors of connection (SQLSTATE class 08, 57) are ours to wait for. */
export const requestError = (error: unknown): AppError => {
  if (error instanceof HTTPException)
    return new AppError({
      code: error.status === 413 ? "PAYLOAD_TOO_LARGE" : error.status === 415 ? "UNSUPPORTED_MEDIA_TYPE" : "INVALID_JSON",
      cause: error,
    });
  if (isDatabaseDown(error)) return new AppError({ code: "DATABASE_UNAVAILABLE", detail: String(error), cause: error });
  return toAppError(error);
};

const downCodes = /^(08|57P|53)|^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTFOUND|CONNECT_TIMEOUT|CONNECTION_)/;

const isDatabaseDown = (error: unknown): boolean => {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++)
    if ("code" in at && typeof at.code === "string" && downCodes.test(at.code)) return true;
  return false;
};

/** zod's issues as field errors with paths such as `query.filter[0].operator`. */
export const fieldErrors = (issues: readonly z.core.$ZodIssue[]): FieldError[] =>
  issues.flatMap((issue) => {
    const path = issue.path.reduce<string>(
      (text, part) => (typeof part === "number" ? `${text}[${part}]` : text === "" ? String(part) : `${text}.${String(part)}`),
      "",
    );
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => ({ path: path === "" ? key : `${path}.${key}`, message: "Unknown field." }));
    return [{ path, message: issue.message }];
  });
