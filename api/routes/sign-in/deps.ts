/** Dependencies of the routes that sign people in and out. */
import type { RouteDeps } from "../../deps.ts";

export type SignInRouteDeps = Pick<RouteDeps, "publicUrl" | "oidc" | "newId" | "randomBytes" | "openDatabase" | "log">;
