/** Health and readiness, without a key: /health and /ready for load balancers, the same under /api/public for Langfuse clients. */
import { createRoute, z } from "@hono/zod-openapi";
import { objectUrl } from "../../../core/s3/object-url.ts";
import type { App, AppEnv, RouteDeps } from "../../deps.ts";
import { requestError } from "../../middleware/problem.ts";
import { json } from "../describe.ts";
import { errorResponses } from "../error-responses.ts";
import { documentInfo } from "./document.ts";

type ReadyDeps = Pick<RouteDeps, "openClickHouse" | "downloads" | "fetch" | "log">;

/** A service that takes longer counts as not ready. */
const checkMsMax = 5000;

/** Each check returns "ok" or a short word for the fault, never an address or a secret. */
const runChecks = async ({ openClickHouse, downloads, fetch, log }: ReadyDeps, db: AppEnv["Variables"]["db"]) => {
  const check = async (work: () => Promise<unknown>) => {
    try {
      await work();
      return "ok" as const;
    } catch (error) {
      log({ event: "not_ready", detail: requestError(error).detail });
      return "unavailable" as const;
    }
  };
  const [postgres, clickhouse, bucket] = await Promise.all([
    check(() => db.execute("select 1")),
    check(() => openClickHouse().queryRows({ sql: "SELECT 1 AS one", signal: AbortSignal.timeout(checkMsMax) })),
    downloads === null
      ? ("off" as const)
      : check(async () => {
          const response = await fetch(objectUrl(downloads.internal, ""), { method: "HEAD", signal: AbortSignal.timeout(checkMsMax) });
          if (response.status >= 500) throw new Error(`the bucket answers ${response.status}`);
        }),
  ]);
  return { postgres, clickhouse, bucket };
};

const Health = z.object({ status: z.literal("OK"), version: z.string() }).openapi("Health");
const State = z.enum(["ok", "unavailable", "off"]);
const Readiness = z
  .object({ status: z.enum(["ready", "not ready"]), checks: z.object({ postgres: State, clickhouse: State, bucket: State }) })
  .openapi("Readiness");

const shared = { method: "get" as const, tags: ["System"], security: [] };

const healthRoute = createRoute({
  ...shared,
  path: "/api/public/health",
  operationId: "getHealth",
  summary: "Check that the API is up",
  description: "Checks no other service. Also at `/health`.",
  responses: { 200: json(Health, "It is up.", { status: "OK", version: documentInfo.version }), ...errorResponses(["INTERNAL"]) },
});

const readyRoute = createRoute({
  ...shared,
  path: "/api/public/ready",
  operationId: "getReadiness",
  summary: "Check that the API can serve requests",
  description: "Checks Postgres, ClickHouse and the export bucket (`off` if exports are switched off). Also at `/ready`.",
  responses: {
    200: json(Readiness, "All parts answer.", { status: "ready", checks: { postgres: "ok", clickhouse: "ok", bucket: "ok" } }),
    503: json(Readiness, "A part does not answer."),
    ...errorResponses(["INTERNAL"]),
  },
});

export const registerHealth = (app: App, deps: ReadyDeps): void => {
  const health = { status: "OK", version: documentInfo.version } as const;
  app.openapi(healthRoute, (c) => c.json(health, 200));
  app.get("/health", (c) => c.json({ status: "ok" }));
  const readiness = async (db: AppEnv["Variables"]["db"]) => {
    const checks = await runChecks(deps, db);
    const isReady = Object.values(checks).every((word) => word !== "unavailable");
    return { status: isReady ? "ready" : "not ready", checks } as const;
  };
  app.openapi(readyRoute, async (c) => {
    const state = await readiness(c.get("db"));
    return state.status === "ready" ? c.json(state, 200) : c.json(state, 503);
  });
  app.get("/ready", async (c) => {
    const state = await readiness(c.get("db"));
    return c.json(state, state.status === "ready" ? 200 : 503);
  });
};
