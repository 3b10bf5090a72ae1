/** Idempotency of creations: a repeated key returns what the first request created, for 24 hours. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../db/postgres/client.ts";

/** `requestHash`: hex SHA-256 of the canonical body. */
export type IdempotencyKey = { key: string; requestHash: string };

type Claimed = { outcome: "claimed" } | { outcome: "repeated"; resourceId: string } | { outcome: "keyReused" };

/**
 * Call in the transaction that creates `resourceId`. If two requests with one key arrive together, the second waits on the key's row until
 * the first has committed.
 */
export const claimIdempotencyKey = async (
  tx: Database,
  projectId: string,
  { key, requestHash }: IdempotencyKey,
  resourceId: string,
): Promise<Claimed> => {
  // An existing row is locked even if it is not updated, so that the second statement still finds it.
  const [mine] = await execute<{ id: string }>(
    tx,
    sql`insert into idempotency_keys (project_id, key, request_hash, resource_id) values (${projectId}, ${key}, ${requestHash}, ${resourceId})
      on conflict (project_id, key) do update set request_hash = excluded.request_hash, resource_id = excluded.resource_id, created_at = now()
        where idempotency_keys.created_at < now() - interval '24 hours'
      returning resource_id as id`,
  );
  if (mine !== undefined) return { outcome: "claimed" };
  const [first] = await execute<{ hash: string; id: string }>(
    tx,
    sql`select request_hash as hash, resource_id as id from idempotency_keys where project_id = ${projectId} and key = ${key}`,
  );
  return first !== undefined && first.hash === requestHash ? { outcome: "repeated", resourceId: first.id } : { outcome: "keyReused" };
};
