/** Handles export events of the outbox: enqueues a job that sends a mail. */
import { sql } from "drizzle-orm";
import type { ConsumedType } from "../../core/outbox/consumers.ts";
import type { OutboxEvent } from "../../core/outbox/event-types.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";

type MailedType = Extract<ConsumedType<"mails">, `export.${string}`>;

const mailEventOf = {
  "export.completed": "completed",
  "export.failed": "failed",
  "export.expiring": "expiring",
} as const satisfies Record<MailedType, string>;

/** Does nothing if no mail is wanted: notify is off, or the key no longer has a user. */
export const enqueueExportMail = async (tx: Database, event: OutboxEvent<MailedType>): Promise<void> => {
  const [wanted] = await execute(
    tx,
    sql`select 1 as wanted from batch_exports
      where id = ${event.objectId} and user_id is not null and coalesce((options->>'notify')::boolean, true)`,
  );
  if (wanted === undefined) return;
  await enqueueJob(tx, {
    kind: "mail.send",
    projectId: event.projectId,
    payload: { batchExportId: event.objectId, event: mailEventOf[event.type] },
    dedupeKey: `mail.send:${event.id}`,
  });
};
