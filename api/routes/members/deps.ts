/** Dependencies of the routes of members and invitations. */
import type { RouteDeps } from "../../deps.ts";

export type MemberDeps = Pick<RouteDeps, "newId" | "nowMs" | "publicUrl">;
