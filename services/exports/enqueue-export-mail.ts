/** Puts a mail about an export into the queue. */
import { sql } from "drizzle-orm";
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
