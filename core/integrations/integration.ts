/** What every integration has, whatever its kind: schedule, mode and tables. */

export const integrationKinds = ["blob_storage", "posthog", "mixpanel"] as const;
export type IntegrationKind = (typeof integrationKinds)[number];

/** Langfuse's frequencies, and `cron` with an expression and a time zone. */
export const frequencies = ["every_20_minutes", "hourly", "daily", "weekly", "cron"] as const;
export type Frequency = (typeof frequencies)[number];

/**
 * Where deliveries begin, on write time. FULL_HISTORY: at the first row that exists. FROM_TODAY: when the integration was made.
 * FROM_CUSTOM_DATE: at a given instant.
 */
export const syncModes = ["FULL_HISTORY", "FROM_TODAY", "FROM_CUSTOM_DATE"] as const;
export type SyncMode = (typeof syncModes)[number];
