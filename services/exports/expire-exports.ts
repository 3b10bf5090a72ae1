/** Expires exports whose time is over. */
import { sql } from "drizzle-orm";
import { appendEvent } from "../../db/outbox/append-event.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";

/**
 * Expires up to 100 exports and writes an event for each. The sweep takes over their files and retries until they are deleted. Links made
 * just before still work for the grace period. Returns the exports.
 */
export const expireExports = (db: Database, { graceSeconds }: { graceSeconds: number }): Promise<{ id: string }[]> =>
  transaction(db, async (tx) => {
    const expired = await execute<{ id: string; projectId: string; name: string; expiresAt: string }>(
      tx,
      sql`with expired as (
        select id from batch_exports
        where status = 'COMPLETED' and files_deleted_at is null and expires_at < now() - make_interval(secs => ${graceSeconds})
        order by expires_at limit 100 for update skip locked
      ), marked as (
        update batch_exports b set files_deleted_at = now(), updated_at = now() from expired where b.id = expired.id
        returning b.id, b.project_id, b.name, b.expires_at
      ), objects as (
        update export_objects o set state = 'open', updated_at = now() from expired where o.batch_export_id = expired.id and o.state = 'kept'
      )
      select id, project_id as "projectId", name, to_char(expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "expiresAt" from marked`,
    );
    for (const { id, projectId, name, expiresAt } of expired)
      await appendEvent(tx, { type: "export.expired", projectId, objectId: id, payload: { batchExportId: id, name, expiresAt } });
    return expired.map(({ id }) => ({ id }));
  });
