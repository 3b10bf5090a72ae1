/** Counts the webhook deliveries of a project by when their events happened, for plots. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";

/** `at`: begin of the quarter of an hour, ISO 8601 UTC. */
export type DeliveryCount = { at: string; delivered: number; failed: number; waiting: number };

/** Half-open, without tests. Quarters of an hour without deliveries are left out. Uses webhook_deliveries_list_idx for each endpoint. */
export const countDeliveriesByQuarterHour = (
  db: Database,
  projectId: string,
  { from, to }: { from: string; to: string },
): Promise<DeliveryCount[]> =>
  execute<DeliveryCount>(
    db,
    sql`select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at,
        (count(*) filter (where state = 'delivered'))::int as delivered,
        (count(*) filter (where state = 'failed'))::int as failed,
        (count(*) filter (where state = 'waiting'))::int as waiting
      from (
        select date_bin('15 minutes', d.created_at, '1970-01-01T00:00:00Z') as at, d.state
        from webhook_endpoints e join webhook_deliveries d on d.endpoint_id = e.id
        where e.project_id = ${projectId} and d.created_at >= ${from}::timestamptz and d.created_at < ${to}::timestamptz and not d.is_test
      ) d group by at order by at`,
  );
