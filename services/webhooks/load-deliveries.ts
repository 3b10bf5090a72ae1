/** Loads what the jobs of webhooks are to send. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";

export type DeliveryToSend = {
  id: string;
  endpointId: string;
  objectId: string;
  /** The header `webhook-id`. */
  eventId: string;
  isTest: boolean;
  body: string;
  url: string;
  sealedSecret: string;
  /** Null outside a rotation's overlap. */
  sealedPreviousSecret: string | null;
};

/** Leaves out deliveries that are no longer to be sent: gone, ended, or of an endpoint that is gone or switched off. */
export const loadDeliveries = (db: Database, deliveryIds: readonly string[]): Promise<DeliveryToSend[]> =>
  execute<DeliveryToSend>(
    db,
    sql`select d.id, d.endpoint_id as "endpointId", d.object_id as "objectId", d.event_id as "eventId", d.is_test as "isTest", d.body, e.url,
        e.sealed_secret as "sealedSecret", case when e.previous_secret_until > now() then e.sealed_previous_secret end as "sealedPreviousSecret"
      from json_array_elements_text(${JSON.stringify(deliveryIds)}::json) as w(id)
        join webhook_deliveries d on d.id = w.id join webhook_endpoints e on e.id = d.endpoint_id
      where d.state = 'waiting' and (e.enabled or d.is_test)`,
  );
