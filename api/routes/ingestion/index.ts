/** The ingestion routes. They read their bodies themselves and respond as the SDKs expect. */
import type { App, IngestionDeps } from "../../deps.ts";
import { registerCreateScore } from "./create-score.ts";
import { registerIngest } from "./ingest.ts";
import { registerOtelTraces } from "./otel-traces.ts";
import { registerOtelUnstored, unstoredPaths } from "./otel-unstored.ts";

const routes: ReadonlySet<string> = new Set(
  ["/api/public/ingestion", "/api/public/otel/v1/traces", "/api/public/scores", ...unstoredPaths].map((path) => `POST ${path}`),
);

/** Returns whether a request has its own authentication: a public key alone may write scores. */
export const isIngestion = ({ method, path }: { method: string; path: string }): boolean => routes.has(`${method} ${path}`);

export const registerIngestion = (app: App, deps: IngestionDeps): void => {
  registerIngest(app, deps);
  registerOtelTraces(app, deps);
  registerOtelUnstored(app, deps);
  registerCreateScore(app, deps);
};
