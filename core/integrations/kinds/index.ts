/** Registry of integration kinds: one file per kind, one line here. Checks of settings, secrets and tables derive from it. */
import type { IntegrationKind } from "../integration.ts";
import { blobStorage } from "./blob-storage.ts";
import type { IntegrationKindEntry } from "./kind.ts";
import { mixpanel } from "./mixpanel.ts";
import { posthog } from "./posthog.ts";

export const integrationKindEntries = { blob_storage: blobStorage, posthog, mixpanel } as const satisfies Record<
  IntegrationKind,
  IntegrationKindEntry
>;

/** Returns the entry of a kind, with the type that all entries share. */
export const kindEntry = (kind: IntegrationKind): IntegrationKindEntry => integrationKindEntries[kind];
