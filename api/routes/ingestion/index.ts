/** Routes that take events in. They read their bodies themselves and answer as the SDKs expect. */
import type { App, AppDeps } from "../../deps.ts";
import { registerIngest } from "./ingest.ts";
import { registerOtelTraces } from "./otel-traces.ts";

/** Paths with an authorisation of their own: a public key alone may write scores. */
export const ingestionPaths: ReadonlySet<string> = new Set(["/api/public/ingestion", "/api/public/otel/v1/traces"]);

export const registerIngestion = (app: App, deps: AppDeps): void => {
  registerIngest(app, deps);
  registerOtelTraces(app, deps);
};
