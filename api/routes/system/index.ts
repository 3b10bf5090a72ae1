/** Registers the routes that need no key: health, readiness, the OpenAPI document and its page, the console. */
import type { App, RouteDeps } from "../../deps.ts";
import { registerConsole } from "./console.ts";
import { registerDocs } from "./docs.ts";
import { registerHealth } from "./health.ts";

/** Paths under /api/public that need no key. */
export const openPaths: ReadonlySet<string> = new Set([
  "/api/public/health",
  "/api/public/ready",
  "/api/public/openapi.json",
  "/api/public/docs",
  "/api/public/sign-in-methods",
]);

export const registerSystem = (
  app: App,
  deps: Pick<RouteDeps, "hasPendingMigrations" | "openClickHouse" | "downloads" | "fetch" | "log" | "openAsset">,
): void => {
  registerHealth(app, deps);
  registerDocs(app, deps);
  registerConsole(app, deps);
};
