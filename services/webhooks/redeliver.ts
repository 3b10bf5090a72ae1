/** Sends deliveries that have ended again, with their ids. */
import { and, asc, inArray, ne, type SQL, sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";
import { webhookDeliveries } from "../../db/postgres/schema/webhooks.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { hastenKeyedJobs } from "../../db/queue/enqueue-keyed-jobs.ts";
import { claimable } from "../../db/queue/state-sql.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { lockEndpoint } from "./endpoint-row.ts";
import { type DeliveryLine, enqueueHeads } from "./enqueue-heads.ts";
import { type DeliveryFilter, deliveryConditions } from "./list-deliveries.ts";

type Redelivered = { outcome: "absent" | "disabled" } | { outcome: "requested"; redelivered: number; hasMore: boolean };

/** Deliveries in one request. */
const redeliveredMax = 10_000;

/**
 * Those of one object are sent in their order, before what waits behind them; each has all its attempts again. What waits already is
 * otherwise left as it is, but sent now: whoever asks knows that the receiver is back. With a filter, tests are left out.
 */
export const redeliver = (
  db: Database,
  actor: Actor,
  endpointId: string,
  selected: { id: string } | { filter: DeliveryFilter },
): Promise<Redelivered> =>
  transaction(db, async (tx) => {
    const endpoint = await lockEndpoint(tx, actor.projectId, endpointId);
    if (endpoint === undefined) return { outcome: "absent" };
    if (!endpoint.enabled) return { outcome: "disabled" };
    const conditions: SQL | undefined =
      "id" in selected
        ? and(deliveryConditions(endpointId, {}), sql`${webhookDeliveries.id} = ${selected.id}`)
        : and(deliveryConditions(endpointId, selected.filter), sql`not ${webhookDeliveries.isTest}`);
    if ("id" in selected && (await tx.$count(webhookDeliveries, conditions)) === 0) return { outcome: "absent" };
    const ended = tx
      .select({ id: webhookDeliveries.id })
      .from(webhookDeliveries)
      .where(and(conditions, ne(webhookDeliveries.state, "waiting")))
      .orderBy(asc(webhookDeliveries.position))
      .limit(redeliveredMax);
    const reopened = await tx
      .update(webhookDeliveries)
      .set({ state: "waiting", finishedAt: null, lastError: null })
      .where(inArray(webhookDeliveries.id, ended))
      .returning({ endpointId: webhookDeliveries.endpointId, objectId: webhookDeliveries.objectId });
    await deleteOvertaken(tx, reopened);
    await enqueueHeads(tx, reopened);
    await hastenKeyedJobs(tx, "webhook.deliver", endpointId);
    const redelivered = reopened.length;
    await writeAudit(tx, actor, {
      resourceType: "webhookEndpoint",
      resourceId: endpointId,
      action: "redeliver",
      after: { ...("id" in selected ? { deliveryId: selected.id } : selected.filter), redelivered },
    });
    return { outcome: "requested", redelivered, hasMore: redelivered === redeliveredMax };
  });

/** Ends the jobs of deliveries that have an earlier one before them now; each gets one again when its turn comes. What runs, runs on. */
const deleteOvertaken = (tx: Database, lines: readonly DeliveryLine[]): Promise<unknown> =>
  execute(
    tx,
    sql`delete from jobs j
      using (select distinct "endpointId", "objectId" from json_to_recordset(${JSON.stringify(lines)}::json) as r("endpointId" text, "objectId" text)) l
        join webhook_deliveries d on d.endpoint_id = l."endpointId" and d.object_id = l."objectId" and d.state = 'waiting'
      where j.kind = 'webhook.deliver' and j.concurrency_key = l."endpointId" and j.state in ${claimable} and j.payload ->> 'deliveryId' = d.id
        and exists (select 1 from webhook_deliveries e where e.endpoint_id = d.endpoint_id and e.object_id = d.object_id and e.state = 'waiting' and e.position < d.position)`,
  );
