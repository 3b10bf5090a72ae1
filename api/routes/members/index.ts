/** Registers the routes of members and invitations of the organisation. */
import type { App, RouteDeps } from "../../deps.ts";
import { registerInvitations } from "./invitations.ts";
import { registerMemberRoutes } from "./members.ts";

export type MemberDeps = Pick<RouteDeps, "newId" | "nowMs" | "publicUrl">;

export const registerMembers = (app: App, deps: MemberDeps): void => {
  registerMemberRoutes(app);
  registerInvitations(app, deps);
};
