/** Handles events of integrations in the outbox: enqueues a job for each of their owners that sends a mail. */
import { sql } from "drizzle-orm";
import type { IntegrationMailEvent } from "../../core/integrations/mail-text.ts";
import type { ConsumedType } from "../../core/outbox/consumers.ts";
import type { OutboxEvent } from "../../core/outbox/event-types.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";

type MailedType = Extract<ConsumedType<"mails">, `integration.${string}`>;

const mailEventOf = {
  "integration.disabled": "disabled",
  "integration.failing": "failing",
  "integration.recovered": "recovered",
  "integration.overdue": "overdue",
} as const satisfies Record<MailedType, IntegrationMailEvent>;

/** One job per mail, so that a mail that fails is tried again alone. Does nothing if the integration is gone. */
export const enqueueIntegrationMails = async (tx: Database, event: OutboxEvent<MailedType>): Promise<void> => {
  for (const userId of await listOwners(tx, event.objectId))
    await enqueueJob(tx, {
      kind: "mail.send",
      projectId: event.projectId,
      payload: {
        integrationId: event.objectId,
        userId,
        event: mailEventOf[event.type],
        error: "error" in event.payload ? event.payload.error : null,
        deliveredThrough: event.payload.deliveredThrough,
      },
      dedupeKey: `mail.send:${event.id}:${userId}`,
    });
};

/** The user who created the integration, else the owners and administrators of its organisation. */
const listOwners = async (tx: Database, integrationId: string): Promise<string[]> => {
  const members = await execute<{ userId: string; isCreator: boolean }>(
    tx,
    sql`select m.user_id as "userId", coalesce(m.user_id = i.created_by, false) as "isCreator"
      from integrations i join projects p on p.id = i.project_id join memberships m on m.org_id = p.org_id
      where i.id = ${integrationId} and (m.user_id = i.created_by or m.role in ('OWNER', 'ADMIN')) order by m.user_id`,
  );
  const creator = members.filter(({ isCreator }) => isCreator);
  return (creator.length > 0 ? creator : members).map(({ userId }) => userId);
};
