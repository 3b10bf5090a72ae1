/** /health, /ready, the OpenAPI document and its page. */
import { objectUrl } from "../../../core/s3/object-url.ts";
import type { App, AppEnv, RouteDeps } from "../../deps.ts";
import { requestError } from "../../middleware/problem.ts";
import { docsPage } from "./docs-page.ts";

export const documentConfig = {
  openapi: "3.1.0",
  info: {
    title: "Spillway",
    version: "0.1.0",
    description: "Takes traces of LLM applications in, and gets them out again as verified files.",
  },
  servers: [{ url: "/" }],
};

/** A part that takes longer is not ready. */
const checkMsMax = 5000;

/** Each check answers "ok" or a short word on what is wrong, never an address or a secret. */
const runChecks = async (deps: Pick<RouteDeps, "downloads" | "fetch" | "log" | "openClickHouse">, db: AppEnv["Variables"]["db"]) => {
  const check = async (work: () => Promise<unknown>) => {
    try {
      await work();
      return "ok";
    } catch (error) {
      deps.log({ event: "not_ready", detail: requestError(error).detail });
      return "unavailable";
    }
  };
  const [postgres, clickhouse, bucket] = await Promise.all([
    check(() => db.execute("select 1")),
    check(() => deps.openClickHouse().queryRows({ sql: "SELECT 1 AS one", signal: AbortSignal.timeout(checkMsMax) })),
    deps.downloads === null
      ? "off"
      : check(async () => {
          const response = await deps.fetch(
            objectUrl(deps.downloads?.internal ?? { endpoint: null, region: "", bucket: "", forcePathStyle: true }, ""),
            { method: "HEAD", signal: AbortSignal.timeout(checkMsMax) },
          );
          if (response.status >= 500) throw new Error(`the bucket answers ${response.status}`);
        }),
  ]);
  return { postgres, clickhouse, bucket };
};

export const registerSystem = (app: App, deps: Pick<RouteDeps, "downloads" | "fetch" | "log" | "openClickHouse">): void => {
  app.get("/health", (c) => c.json({ status: "ok" }));
  app.get("/ready", async (c) => {
    const checks = await runChecks(deps, c.get("db"));
    const isReady = Object.values(checks).every((word) => word === "ok" || word === "off");
    return c.json({ status: isReady ? "ready" : "not ready", checks }, isReady ? 200 : 503);
  });
  app.get("/api/public/openapi.json", (c) => c.json(app.getOpenAPI31Document(documentConfig)));
  app.get("/api/public/docs", (c) => c.html(docsPage(app.getOpenAPI31Document(documentConfig))));
};
