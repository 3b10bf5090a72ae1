/** Registers the routes of people's own accounts. */
import type { App, RouteDeps } from "../../deps.ts";
import { registerGetAccount } from "./get.ts";
import { registerLeaveOrganization } from "./leave-organization.ts";
import { registerAccountSessions } from "./sessions.ts";

/** Paths that need a session and no project. */
export const isOfPerson = (path: string): boolean => path === "/api/public/account" || path.startsWith("/api/public/account/");

export const registerAccount = (app: App, deps: Pick<RouteDeps, "operators" | "publicUrl">): void => {
  registerGetAccount(app, deps);
  registerAccountSessions(app, deps);
  registerLeaveOrganization(app);
};
