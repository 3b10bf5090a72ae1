/** Gives a job to the delivery that comes next for an endpoint and object. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";
import { enqueueKeyedJobs } from "../../db/queue/enqueue-keyed-jobs.ts";

export type DeliveryLine = { endpointId: string; objectId: string };

/**
 * Of the waiting deliveries of each endpoint and object, the first gets a job, unless it has one: a later event is not sent before the
 * earlier one was delivered or given up. The caller holds the locks of the endpoints, so none of these deliveries begins or ends to wait
 * meanwhile; a statement of its own sees what was committed before. Uses webhook_deliveries_waiting_idx.
 */
export const enqueueHeads = async (tx: Database, lines: readonly DeliveryLine[]): Promise<void> => {
  if (lines.length === 0) return;
  const heads = await execute<{ id: string; projectId: string; endpointId: string }>(
    tx,
    sql`select distinct d.id, d.project_id as "projectId", d.endpoint_id as "endpointId"
      from json_to_recordset(${JSON.stringify(lines)}::json) as l("endpointId" text, "objectId" text)
        cross join lateral (
          select id, project_id, endpoint_id from webhook_deliveries
          where endpoint_id = l."endpointId" and object_id = l."objectId" and state = 'waiting' order by position limit 1
        ) d`,
  );
  await enqueueKeyedJobs(
    tx,
    "webhook.deliver",
    heads.map(({ id, projectId, endpointId }) => ({
      projectId,
      concurrencyKey: endpointId,
      payload: { deliveryId: id },
      dedupeKey: deliveryDedupeKey(id),
    })),
  );
};

/** A delivery has at most one unfinished job, which this key finds. */
export const deliveryDedupeKey = (deliveryId: string): string => `webhook.deliver:${deliveryId}`;
