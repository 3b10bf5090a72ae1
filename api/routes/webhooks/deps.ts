/** Dependencies of the routes of webhooks. */
import type { RouteDeps } from "../../deps.ts";

export type WebhookDeps = Pick<RouteDeps, "newId" | "nowMs" | "keyring" | "egressPolicy" | "randomBytes">;
