/**
 * Wraps every request: assigns its id, records its span, writes one log line, opens the database on first use and closes it at the end. A
 * stream opens its own connections.
 */
import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { parseTraceparent } from "../../core/telemetry/parse-traceparent.ts";
import type { AppDeps, AppEnv, Database } from "../deps.ts";

export const requestFrame = (
  deps: Pick<AppDeps, "nowMs" | "newId" | "openDatabase" | "openTracer" | "log" | "keyring" | "defaultPlan">,
): MiddlewareHandler<AppEnv> =>
  async function requestFrame(c, next) {
    const startedMs = deps.nowMs();
    const requestId = deps.newId("request");
    const tracer = deps.openTracer();
    // Middleware matches every method.
    const route = matchedRoutes(c).findLast(({ method }) => method !== "ALL")?.path;
    const span = tracer.start(route === undefined ? c.req.method : `${c.req.method} ${route}`, {
      kind: "server",
      parent: parseTraceparent(c.req.header("traceparent")),
      attributes: {
        "http.request.method": c.req.method,
        ...(route === undefined ? {} : { "http.route": route }),
        "url.path": c.req.path,
        "spillway.request_id": requestId,
      },
    });
    c.set("requestId", requestId);
    c.set("span", span);
    c.header("x-request-id", requestId);
    const opened = lazyDatabase(() => deps.openDatabase(requestId));
    c.set("db", opened.db);
    c.set("keyring", deps.keyring);
    c.set("defaultPlan", deps.defaultPlan);
    await next();
    c.header("x-request-id", requestId);
    await opened.close();
    const actor = c.get("actor");
    const { status } = c.res;
    deps.log({
      event: "request",
      request_id: requestId,
      method: c.req.method,
      path: c.req.path,
      status,
      ms: deps.nowMs() - startedMs,
      ...(actor === undefined ? {} : { project_id: actor.projectId, api_key_id: actor.apiKeyId }),
    });
    span.set({
      "http.response.status_code": status,
      ...(actor === undefined ? {} : { "spillway.project_id": actor.projectId }),
    });
    span.end(status >= 500 ? String(status) : undefined);
    if (span.isRecorded) c.executionCtx.waitUntil(tracer.flush());
  };

/** Connects with the first statement, because most refused requests never need a connection. */
const lazyDatabase = (open: () => ReturnType<AppDeps["openDatabase"]>): { db: Database; close: () => Promise<void> } => {
  let opened: ReturnType<AppDeps["openDatabase"]> | undefined;
  const db = new Proxy({} as Database, {
    get: (_target, name) => {
      opened ??= open();
      const value: unknown = Reflect.get(opened.db, name);
      return typeof value === "function" ? value.bind(opened.db) : value;
    },
  });
  return { db, close: async () => opened?.close() };
};
