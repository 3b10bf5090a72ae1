/** Marks runs of an integration to be delivered again. */
import { type SQL, sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";
import type { IntegrationRow } from "./integration-row.ts";

/** Leaves out runs that are under way or wanted already. Returns how many were marked. The caller holds the lock of the integration. */
export const markRunsPending = async (
  tx: Database,
  { id, enabled }: Pick<IntegrationRow, "id" | "enabled">,
  which: SQL,
): Promise<number> => {
  const marked = await execute(
    tx,
    sql`update integration_runs set state = 'pending', cause = 'backfill', updated_at = now()
      where integration_id = ${id} and state in ('completed', 'failed') and ${which} returning id`,
  );
  // A paused integration takes them up when it is resumed.
  if (enabled) await execute(tx, sql`update integrations set next_run_at = now() where id = ${id}`);
  return marked.length;
};
