/** Registers the routes of webhooks. */
import type { App } from "../../deps.ts";
import { registerCreateEndpoint } from "./create.ts";
import { registerDeleteEndpoint } from "./delete.ts";
import { registerDeliveries } from "./deliveries.ts";
import type { WebhookDeps } from "./deps.ts";
import { registerGetEndpoint } from "./get.ts";
import { registerListEndpoints } from "./list.ts";
import { registerRedeliver } from "./redeliver.ts";
import { registerRotateSecret } from "./rotate-secret.ts";
import { registerTestEndpoint } from "./test.ts";
import { registerUpdateEndpoint } from "./update.ts";

export const registerWebhooks = (app: App, deps: WebhookDeps): void => {
  for (const register of [
    registerCreateEndpoint,
    registerListEndpoints,
    registerGetEndpoint,
    registerUpdateEndpoint,
    registerDeleteEndpoint,
    registerRotateSecret,
    registerTestEndpoint,
    registerDeliveries,
    registerRedeliver,
  ])
    register(app, deps);
};
