/** A webhook endpoint as it is stored, and what of it is recorded. */
import { and, eq } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { webhookEndpoints } from "../../db/postgres/schema/webhooks.ts";

export type EndpointRow = typeof webhookEndpoints.$inferSelect;

/** Locks the endpoint, so that changes of it, and of what waits for it, follow one another. Undefined if the project has none of this id. */
export const lockEndpoint = async (tx: Database, projectId: string, id: string): Promise<EndpointRow | undefined> => {
  const [row] = await tx
    .select()
    .from(webhookEndpoints)
    .where(and(eq(webhookEndpoints.projectId, projectId), eq(webhookEndpoints.id, id)))
    .for("no key update");
  return row;
};

/** What audit rows hold: never a secret, not even sealed. */
export const endpointAuditForm = ({ id, name, description, url, eventTypes, enabled, signing, publicKey }: EndpointRow) => ({
  id,
  name,
  description,
  url,
  eventTypes,
  enabled,
  signing,
  publicKey,
});
