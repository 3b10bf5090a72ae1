/** Mails about exports: put into the queue with their cause, read by the job that sends them. */
import { sql } from "drizzle-orm";
import type { ExportManifest } from "../../core/exports/manifest.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";

export type MailEvent = "completed" | "failed" | "expiring";

/** In the transaction of the cause. Nothing when nobody wants a mail: notify is off, or the key has no user any more. */
export const enqueueExportMail = async (
  tx: Database,
  { jobId, exportId, event }: { jobId: string; exportId: string; event: MailEvent },
): Promise<void> => {
  const [row] = await execute<{ projectId: string }>(
    tx,
    sql`select project_id as "projectId" from batch_exports
      where id = ${exportId} and user_id is not null and coalesce((options->>'notify')::boolean, true)`,
  );
  if (row === undefined) return;
  await enqueueJob(tx, {
    id: jobId,
    kind: "mail.send",
    projectId: row.projectId,
    payload: { batchExportId: exportId, event },
    dedupeKey: `mail.send:${exportId}:${event}`,
  });
};

export type ExportMail = {
  id: string;
  name: string;
  status: string;
  projectName: string;
  userName: string | null;
  email: string;
  finishedAt: string | null;
  expiresAt: string | null;
  errorCode: string | null;
  log: string | null;
  manifest: ExportManifest | null;
};

/** What the mail says; undefined when the export or its user is gone, or the user has left the organisation. */
export const findExportMail = async (db: Database, exportId: string): Promise<ExportMail | undefined> => {
  const iso = (column: string) => sql.raw(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`);
  const [row] = await execute<ExportMail>(
    db,
    sql`select b.id, b.name, b.status, p.name as "projectName", u.name as "userName", u.email, ${iso("b.finished_at")} as "finishedAt", ${iso("b.expires_at")} as "expiresAt",
        b.error_code as "errorCode", b.log, b.manifest
      from batch_exports b join projects p on p.id = b.project_id join users u on u.id = b.user_id
      where b.id = ${exportId} and exists (select 1 from memberships m where m.user_id = u.id and m.org_id = p.org_id)`,
  );
  return row;
};

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
