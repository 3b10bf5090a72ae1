/** The routes of sessions. */
import type { App, AppDeps } from "../../deps.ts";
import { registerGetSession } from "./get.ts";
import { registerListSessions } from "./list.ts";

export const registerSessions = (app: App, deps: AppDeps): void => {
  registerListSessions(app, deps);
  registerGetSession(app, deps);
};
