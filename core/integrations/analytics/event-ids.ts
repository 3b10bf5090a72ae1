/** Ids of events in analytics products: UUIDs of version 5 that depend on project and row id only, so every retry and backfill has the same. */
import { parse, v5 } from "uuid";

/** Name spaces of Langfuse, so that its events and ours of one row have one id. As bytes, which `v5` would make anew for each event. */
const namespaces = {
  posthog: parse("0f6c91df-d035-4813-b838-9741ba38ef0b"),
  mixpanel: parse("8f7c3e42-9a1b-4d5f-8e2a-1c6b9d3f4e7a"),
};

const encoder = new TextEncoder();

/** Rows of different tables with equal ids have equal event ids. The event name, and so the product, keeps them apart. */
export const eventIdOf = (product: keyof typeof namespaces, projectId: string, rowId: string): string =>
  v5(encoder.encode(`${projectId}-${rowId}`), namespaces[product]);
