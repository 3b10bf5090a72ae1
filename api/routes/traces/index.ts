/** Registers the routes of traces. */
import type { App, TraceReadDeps } from "../../deps.ts";
import { registerGetTrace } from "./get.ts";
import { registerListTraces } from "./list.ts";

export const registerTraces = (app: App, deps: TraceReadDeps): void => {
  registerListTraces(app, deps);
  registerGetTrace(app, deps);
};
