/** Integration kind `mixpanel`: events in a Mixpanel project. */
import { z } from "zod";
import { storableText } from "../../storable.ts";
import { analyticsTables } from "./analytics-tables.ts";
import type { IntegrationKindEntry } from "./kind.ts";

/** Of https://docs.mixpanel.com/reference/import-events (read 2026-11-28): the United States, the European Union and India. */
export const mixpanelRegions = ["api", "api-eu", "api-in"] as const;

export const MixpanelSettings = z.strictObject({
  region: z.enum(mixpanelRegions).default("api").describe("Where the project's data resides: api (US), api-eu or api-in."),
});

export const MixpanelSecret = z.strictObject({ projectToken: storableText(500).regex(/^\S+$/, "must be a project token") });

/** Returns the address of the ingestion API, without a path. */
export const mixpanelOrigin = (region: z.infer<typeof MixpanelSettings>["region"]): string => `https://${region}.mixpanel.com`;

export const mixpanel = {
  settings: MixpanelSettings,
  secret: MixpanelSecret,
  shownSecretFields: [],
  tables: analyticsTables,
  defaultTables: analyticsTables,
  addresses: () => [],
  problems: () => [],
  secretGoesTo: () => null,
} as const satisfies IntegrationKindEntry;
