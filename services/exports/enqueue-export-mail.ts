/** Handles export events of the outbox: enqueues a job that sends a mail. */
import { sql } from "drizzle-orm";
import { type ClaimedCause, causeOf } from "../../core/jobs/job-cause.ts";
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
  const [wanted] = await execute<ClaimedCause>(
    tx,
    sql`select j.request_id as "requestId", j.traceparent from batch_exports b left join jobs j on j.id = b.job_id
      where b.id = ${event.objectId} and b.user_id is not null and coalesce((b.options->>'notify')::boolean, true)`,
  );
  if (wanted === undefined) return;
  await enqueueJob(tx, {
    kind: "mail.send",
    projectId: event.projectId,
    payload: { batchExportId: event.objectId, event: mailEventOf[event.type] },
    dedupeKey: `mail.send:${event.id}`,
    cause: causeOf(wanted),
  });
};
