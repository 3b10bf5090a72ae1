/** Lists the deliveries of a webhook endpoint, and finds one with its attempts. */
import { and, asc, desc, eq, getTableColumns, gte, lt, or, type SQL, sql } from "drizzle-orm";
import type { DeliveryState } from "../../core/webhooks/endpoint.ts";
import type { WebhookEventType } from "../../core/webhooks/event-types.ts";
import type { Database } from "../../db/postgres/client.ts";
import { webhookAttempts, webhookDeliveries } from "../../db/postgres/schema/webhooks.ts";
import { claimable } from "../../db/queue/state-sql.ts";

export type AttemptRow = typeof webhookAttempts.$inferSelect;
export type DeliveryRow = typeof webhookDeliveries.$inferSelect;
/** `nextAttemptAt`: ISO 8601 UTC. Null while it is being sent, or waits for an earlier delivery of its object. */
export type FoundDelivery = Omit<DeliveryRow, "body"> & { nextAttemptAt: string | null };

export type DeliveryFilter = {
  state?: DeliveryState | undefined;
  type?: WebhookEventType | undefined;
  /** On the instant of creation: half-open, ISO 8601. */
  from?: string | undefined;
  to?: string | undefined;
  /** What the event is about. */
  objectId?: string | undefined;
};

const createdMs = sql`date_trunc('milliseconds', ${webhookDeliveries.createdAt})`;
const { body, ...listed } = getTableColumns(webhookDeliveries);
/** With its table, which drizzle leaves out in a query of one table: jobs have an id of their own. */
const nextAttemptAt = sql<string | null>`(select to_char(j.run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') from jobs j
  where j.dedupe_key = 'webhook.deliver:' || "webhook_deliveries"."id" and j.finished_at is null and j.state in ${claimable})`;

export const deliveryConditions = (endpointId: string, { state, type, from, to, objectId }: DeliveryFilter): SQL | undefined =>
  and(
    eq(webhookDeliveries.endpointId, endpointId),
    state === undefined ? undefined : eq(webhookDeliveries.state, state),
    type === undefined ? undefined : eq(webhookDeliveries.eventType, type),
    from === undefined ? undefined : gte(webhookDeliveries.createdAt, new Date(from)),
    to === undefined ? undefined : lt(webhookDeliveries.createdAt, new Date(to)),
    objectId === undefined ? undefined : eq(webhookDeliveries.objectId, objectId),
  );

/** Lists a page, newest first, after the cursor. The caller has found the endpoint in its project. */
export const listDeliveries = (
  db: Database,
  endpointId: string,
  page: DeliveryFilter & { limit: number; after: { createdAt: Date; id: string } | null },
): Promise<FoundDelivery[]> =>
  db
    .select({ ...listed, nextAttemptAt })
    .from(webhookDeliveries)
    .where(
      and(
        deliveryConditions(endpointId, page),
        page.after === null
          ? undefined
          : or(
              lt(createdMs, page.after.createdAt.toISOString()),
              and(eq(createdMs, page.after.createdAt.toISOString()), lt(webhookDeliveries.id, page.after.id)),
            ),
      ),
    )
    .orderBy(desc(createdMs), desc(webhookDeliveries.id))
    .limit(page.limit);

/** Attempts in one answer: two rounds of the schedule, and more. */
const attemptsShownMax = 30;

/** With its body and the newest attempts, the oldest of them first. */
export const findDelivery = async (
  db: Database,
  { endpointId, id }: { endpointId: string; id: string },
): Promise<(FoundDelivery & { body: string; log: AttemptRow[] }) | undefined> => {
  const [row] = await db
    .select({ ...listed, body, nextAttemptAt })
    .from(webhookDeliveries)
    .where(and(eq(webhookDeliveries.endpointId, endpointId), eq(webhookDeliveries.id, id)));
  if (row === undefined) return undefined;
  const newest = db
    .select()
    .from(webhookAttempts)
    .where(eq(webhookAttempts.deliveryId, id))
    .orderBy(desc(webhookAttempts.id))
    .limit(attemptsShownMax)
    .as("newest");
  return { ...row, log: await db.select().from(newest).orderBy(asc(newest.id)) };
};
