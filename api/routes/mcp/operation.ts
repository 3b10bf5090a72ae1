/**
 * Operations of the API as tools use them: a tool sends its arguments through the route itself, within this process. So a tool has the
 * route's scopes, limits, checks, audit rows and errors, and its input schema is made of the route's own.
 */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Scope } from "../../../core/auth/scopes.ts";
import { AppError } from "../../../core/errors.ts";
import type { App, AppEnv } from "../../deps.ts";
import { fieldErrors } from "../../middleware/problem.ts";
import { scopesOf } from "../declare-route.ts";

type Part = "params" | "query" | "headers" | "body";

export type Operation = {
  method: string;
  path: string;
  /** A key needs one of these. */
  scopes: readonly Scope[];
  /** All arguments in one object. */
  input: z.ZodObject;
  /** Where each argument goes. */
  partOf: ReadonlyMap<string, Part>;
};

export type OperationAnswer = { status: number; location: string | null; body: unknown };

/** Throws if no route has this operation id. */
export const loadOperation = (app: App, operationId: string): Operation => {
  const definition = app.openAPIRegistry.definitions.find((one) => one.type === "route" && one.route.operationId === operationId);
  if (definition?.type !== "route") throw new Error(`no route is called ${operationId}`);
  const { method, path, request } = definition.route;
  const parts: [Part, unknown][] = [
    ["params", request?.params],
    ["query", request?.query],
    ["headers", request?.headers],
    ["body", jsonBodyOf(request?.body?.content["application/json"])],
  ];
  const fields = parts.flatMap(([part, schema]) =>
    schema instanceof z.ZodObject ? Object.entries(schema.shape).map(([name, field]) => ({ name, field, part })) : [],
  );
  return {
    method: method.toUpperCase(),
    path,
    scopes: scopesOf(definition.route),
    input: z.strictObject(Object.fromEntries(fields.map(({ name, field }) => [name, field]))),
    partOf: new Map(fields.map(({ name, part }) => [name, part])),
  };
};

const jsonBodyOf = (media: object | undefined): unknown => (media !== undefined && "schema" in media ? media.schema : undefined);

/** Headers of the caller that the route sees too. */
const passedOn = ["authorization", "cf-connecting-ip"];

/** Sends the arguments through the route. Throws INVALID_REQUEST if they do not fit its input. */
export const runOperation = async (
  app: App,
  c: Context<AppEnv>,
  operation: Operation,
  given: Record<string, unknown>,
): Promise<OperationAnswer> => {
  const checked = operation.input.safeParse(given);
  if (!checked.success) throw new AppError({ code: "INVALID_REQUEST", fields: fieldErrors(checked.error.issues) });
  const request = requestOf(operation, given, c);
  const response = await app.fetch(request, c.env, c.executionCtx);
  const text = await response.text();
  return { status: response.status, location: response.headers.get("location"), body: text.startsWith("{") ? JSON.parse(text) : null };
};

const requestOf = ({ method, path, partOf }: Operation, given: Record<string, unknown>, c: Context<AppEnv>): Request => {
  const url = new URL(c.req.url);
  const headers = new Headers();
  for (const name of passedOn) {
    const value = c.req.header(name);
    if (value !== undefined) headers.set(name, value);
  }
  const body: Record<string, unknown> = {};
  url.pathname = path;
  url.search = "";
  for (const [name, value] of Object.entries(given)) {
    const part = partOf.get(name);
    if (part === "body") body[name] = value;
    else if (part === "query") url.searchParams.set(name, String(value));
    else if (part === "headers") headers.set(name, headerValue(name, String(value)));
    else url.pathname = url.pathname.replace(encodeURI(`{${name}}`), pathSegment(name, String(value)));
  }
  const hasBody = [...partOf.values()].includes("body");
  if (hasBody) headers.set("content-type", "application/json");
  return new Request(url, { method, headers, ...(hasBody ? { body: JSON.stringify(body) } : {}) });
};

/** As a caller of the API could send it: line breaks and letters beyond ASCII are refused or changed on the way. */
const headerValue = (name: string, value: string): string => {
  if (/^[\x20-\x7e]*$/.test(value)) return value;
  throw new AppError({ code: "INVALID_REQUEST", fields: [{ path: name, message: "must consist of printable ASCII characters" }] });
};

/** A URL treats these segments as steps upwards, also when encoded. */
const pathSegment = (name: string, value: string): string => {
  if (/^\.{0,2}$/.test(value))
    throw new AppError({ code: "INVALID_REQUEST", fields: [{ path: name, message: "must be a name or an id" }] });
  return encodeURIComponent(value);
};
