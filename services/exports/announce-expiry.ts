/** Announces that the files of an export are about to be deleted. */
import { sql } from "drizzle-orm";
import { appendEvent } from "../../db/outbox/append-event.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";

/** Announces one export that expires within the time, and writes its event. Returns undefined if none is left; call again until then. */
export const announceExpiry = (db: Database, { withinHours }: { withinHours: number }): Promise<string | undefined> =>
  transaction(db, async (tx) => {
    // An export with a short lifetime is announced in its last quarter, so that the mail does not arrive together with that of its
    // completion.
    const [row] = await execute<{ id: string; projectId: string; name: string; expiresAt: string }>(
      tx,
      sql`update batch_exports set expiry_notified_at = now() where id = (
        select id from batch_exports
        where status = 'COMPLETED' and expiry_notified_at is null and files_deleted_at is null and expires_at > now()
          and expires_at < now() + least(make_interval(hours => ${withinHours}), make_interval(secs => expires_after_hours * 900))
        order by expires_at limit 1 for update skip locked)
      returning id, project_id as "projectId", name, to_char(expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "expiresAt"`,
    );
    if (row === undefined) return undefined;
    const { id, projectId, name, expiresAt } = row;
    await appendEvent(tx, { type: "export.expiring", projectId, objectId: id, payload: { batchExportId: id, name, expiresAt } });
    return id;
  });
