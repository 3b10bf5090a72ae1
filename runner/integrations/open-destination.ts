/** The destinations, one per kind of integration. */
import type { IntegrationKind } from "../../core/integrations/integration.ts";
import { openMixpanel, openPostHog } from "./analytics-destination.ts";
import type { Destination } from "./destination.ts";
import type { Delivery, IntegrationDeps } from "./integration-deps.ts";
import { openStorage } from "./storage-destination.ts";

const destinations: Record<IntegrationKind, (deps: IntegrationDeps, delivery: Delivery) => Destination> = {
  blob_storage: openStorage,
  posthog: openPostHog,
  mixpanel: openMixpanel,
};

/** Throws INTEGRATION_SETTINGS_INVALID if the stored settings do not fit this version. */
export const openDestination = (deps: IntegrationDeps, delivery: Delivery): Destination =>
  destinations[delivery.integration.kind](deps, delivery);
