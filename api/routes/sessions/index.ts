/** Registers the routes of sessions. */
import type { App, TraceReadDeps } from "../../deps.ts";
import { registerGetSession } from "./get.ts";
import { registerListSessions } from "./list.ts";

export const registerSessions = (app: App, deps: TraceReadDeps): void => {
  registerListSessions(app, deps);
  registerGetSession(app, deps);
};
