/** Routes that take events in. They read their bodies themselves and answer as the SDKs expect. */
import type { App, AppDeps } from "../../deps.ts";
import { registerCreateScore } from "./create-score.ts";
import { registerIngest } from "./ingest.ts";
import { registerOtelTraces } from "./otel-traces.ts";

const routes: ReadonlySet<string> = new Set(["POST /api/public/ingestion", "POST /api/public/otel/v1/traces", "POST /api/public/scores"]);

/** Requests with an authorisation of their own: a public key alone may write scores. */
export const isIngestion = ({ method, path }: { method: string; path: string }): boolean => routes.has(`${method} ${path}`);

export const registerIngestion = (app: App, deps: AppDeps): void => {
  registerIngest(app, deps);
  registerOtelTraces(app, deps);
  registerCreateScore(app, deps);
};
