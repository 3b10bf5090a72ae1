/** Announces that the files of an export are about to be deleted. */

import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";
import { enqueueExportMail } from "./enqueue-export-mail.ts";

/** Marks one export that expires within the time and was not announced, with its mail. Undefined when there is none; call again until then. */
export const announceExpiry = (db: Database, { jobId, withinHours }: { jobId: string; withinHours: number }): Promise<string | undefined> =>
  db.transaction(async (transaction) => {
    const tx = transaction as unknown as Database;
    // A short life is announced in its last quarter, so that the mail does not come together with the one of completion.
    const [row] = await execute<{ id: string }>(
      tx,
      sql`update batch_exports set expiry_notified_at = now() where id = (
        select id from batch_exports
        where status = 'COMPLETED' and expiry_notified_at is null and files_deleted_at is null and expires_at > now()
          and expires_at < now() + least(make_interval(hours => ${withinHours}), make_interval(secs => expires_after_hours * 900))
        order by expires_at limit 1 for update skip locked) returning id`,
    );
    if (row !== undefined) await enqueueExportMail(tx, { jobId, exportId: row.id, event: "expiring" });
    return row?.id;
  });
