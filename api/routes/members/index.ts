/** Registers the routes of members and invitations of the organisation. */
import type { App } from "../../deps.ts";
import type { MemberDeps } from "./deps.ts";
import { registerInvitations } from "./invitations.ts";
import { registerMemberRoutes } from "./members.ts";

export const registerMembers = (app: App, deps: MemberDeps): void => {
  registerMemberRoutes(app);
  registerInvitations(app, deps);
};
