/** Health and readiness, without a key: /health and /ready for load balancers, the same under /api/public for Langfuse clients. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { objectUrl } from "../../../core/s3/object-url.ts";
import type { App, AppEnv, RouteDeps } from "../../deps.ts";
import { requestError } from "../../middleware/problem.ts";
import { json } from "../describe.ts";
import { errorResponses } from "../error-responses.ts";
import { documentInfo } from "./document.ts";

type ReadyDeps = Pick<RouteDeps, "hasPendingMigrations" | "openClickHouse" | "downloads" | "fetch" | "log">;

/** A service that takes longer counts as not ready. */
const checkMsMax = 5000;

/** Each check returns "ok" or a short word for the fault, never an address or a secret. The log has the detail. */
const runChecks = async (c: Context<AppEnv>, { hasPendingMigrations, openClickHouse, downloads, fetch, log }: ReadyDeps) => {
  const check = async (part: string, work: () => Promise<unknown>) => {
    try {
      await work();
      return "ok" as const;
    } catch (error) {
      log({ event: "not_ready", request_id: c.get("requestId"), part, detail: requestError(error).detail });
      return "unavailable" as const;
    }
  };
  let isPending = false;
  const [reached, clickhouse, bucket] = await Promise.all([
    check("postgres", async () => {
      isPending = await hasPendingMigrations(c.get("db"));
    }),
    check("clickhouse", () => openClickHouse().queryRows({ sql: "SELECT 1 AS one", signal: AbortSignal.timeout(checkMsMax) })),
    downloads === null
      ? ("off" as const)
      : check("bucket", async () => {
          const response = await fetch(objectUrl(downloads.internal, ""), { method: "HEAD", signal: AbortSignal.timeout(checkMsMax) });
          if (response.status >= 500) throw new Error(`the bucket answers ${response.status}`);
        }),
  ]);
  const postgres = reached === "ok" && isPending ? ("migrations pending" as const) : reached;
  return { postgres, clickhouse, bucket };
};

const Health = z.object({ status: z.literal("OK"), version: z.string() }).openapi("Health");
const State = z.enum(["ok", "unavailable", "migrations pending", "off"]);
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
  description:
    "Checks Postgres and its migrations, ClickHouse, and the export bucket (`off` if exports are switched off). Also at `/ready`.",
  responses: {
    200: json(Readiness, "All parts answer.", { status: "ready", checks: { postgres: "ok", clickhouse: "ok", bucket: "ok" } }),
    503: json(Readiness, "A part does not answer, or lacks migrations of this version."),
    ...errorResponses(["INTERNAL"]),
  },
});

export const registerHealth = (app: App, deps: ReadyDeps): void => {
  const health = { status: "OK", version: documentInfo.version } as const;
  app.openapi(healthRoute, (c) => c.json(health, 200));
  app.get("/health", (c) => c.json({ status: "ok" }));
  const readiness = async (c: Context<AppEnv>) => {
    const checks = await runChecks(c, deps);
    const isReady = Object.values(checks).every((word) => word === "ok" || word === "off");
    return { status: isReady ? "ready" : "not ready", checks } as const;
  };
  app.openapi(readyRoute, async (c) => {
    const state = await readiness(c);
    return state.status === "ready" ? c.json(state, 200) : c.json(state, 503);
  });
  app.get("/ready", async (c) => {
    const state = await readiness(c);
    return c.json(state, state.status === "ready" ? 200 : 503);
  });
};
