/**
 * Wraps every request: assigns its id, writes one log line, opens the database on first use and closes it at the end. A stream opens its
 * own connections.
 */
import type { MiddlewareHandler } from "hono";
import type { AppDeps, AppEnv, Database } from "../deps.ts";

export const requestFrame = (
  deps: Pick<AppDeps, "nowMs" | "newId" | "openDatabase" | "log" | "keyring" | "defaultPlan">,
): MiddlewareHandler<AppEnv> =>
  async function requestFrame(c, next) {
    const startedMs = deps.nowMs();
    const requestId = deps.newId("request");
    c.set("requestId", requestId);
    c.header("x-request-id", requestId);
    const opened = lazyDatabase(deps);
    c.set("db", opened.db);
    c.set("keyring", deps.keyring);
    c.set("defaultPlan", deps.defaultPlan);
    await next();
    c.header("x-request-id", requestId);
    await opened.close();
    const actor = c.get("actor");
    deps.log({
      event: "request",
      request_id: requestId,
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ms: deps.nowMs() - startedMs,
      ...(actor === undefined ? {} : { project_id: actor.projectId, api_key_id: actor.apiKeyId }),
    });
  };

/** Connects with the first statement, because most refused requests never need a connection. */
const lazyDatabase = (deps: Pick<AppDeps, "openDatabase">): { db: Database; close: () => Promise<void> } => {
  let opened: ReturnType<AppDeps["openDatabase"]> | undefined;
  const db = new Proxy({} as Database, {
    get: (_target, name) => {
      opened ??= deps.openDatabase();
      const value: unknown = Reflect.get(opened.db, name);
      return typeof value === "function" ? value.bind(opened.db) : value;
    },
  });
  return { db, close: async () => opened?.close() };
};
