/** Integration kind `posthog`: events in a PostHog project. */
import { z } from "zod";
import { storableText } from "../../storable.ts";
import { httpAddress } from "../http-address.ts";
import { analyticsTables } from "./analytics-tables.ts";
import type { IntegrationKindEntry } from "./kind.ts";

export const PosthogSettings = z.strictObject({
  hostName: httpAddress.describe("Address of PostHog, such as https://eu.i.posthog.com."),
});

export const PosthogSecret = z.strictObject({
  projectApiKey: storableText(500).regex(/^phc_\S+$/, "must be a project API key: it starts with phc_"),
});

export const posthog = {
  settings: PosthogSettings,
  secret: PosthogSecret,
  shownSecretFields: [],
  tables: analyticsTables,
  defaultTables: analyticsTables,
  addresses: ({ hostName }) => [{ path: "hostName", url: String(hostName) }],
  problems: () => [],
  secretGoesTo: ({ hostName }) => new URL(String(hostName)).origin,
} as const satisfies IntegrationKindEntry;
