/** Deliveries: the events a consumer has still to consume. Takes, removes and postpones them. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../postgres/client.ts";

export type Delivery = {
  /** Identifies the delivery within its consumer. Text, because JavaScript has no 64-bit integers. */
  position: string;
  failures: number;
  event: { id: string; type: string; projectId: string; objectId: string; createdAt: string; payload: unknown };
};

/**
 * Locks the deliveries that have been due longest, each the first of its object, until the transaction ends. Returns at most `limit`, in the
 * order of their events; none if another runner has them. The first delivery of an object blocks its others, so they are consumed in order.
 * Locks rows with SKIP LOCKED and waits for none. Uses outbox_deliveries_due_idx, and outbox_deliveries_object_idx for the first.
 */
export const takeDeliveries = async (tx: Database, consumer: string, limit: number): Promise<Delivery[]> => {
  const rows = await execute<Delivery["event"] & { position: string; failures: number }>(
    tx,
    sql`with taken as (
      select d.position, d.failures from outbox_deliveries d
      where d.consumer = ${consumer} and d.run_at <= now()
        and not exists (select 1 from outbox_deliveries e where e.consumer = d.consumer and e.object_id = d.object_id and e.position < d.position)
      order by d.run_at, d.position limit ${limit} for update of d skip locked
    )
    select taken.position::text as position, taken.failures, o.id, o.type, o.project_id as "projectId", o.object_id as "objectId", o.payload,
      to_char(o.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "createdAt"
    from taken join outbox o on o.position = taken.position order by taken.position`,
  );
  return rows.map(({ position, failures, ...event }) => ({ position, failures, event }));
};

/** Call in the transaction that holds the deliveries and has written the effects of their events. */
export const removeDeliveries = (tx: Database, consumer: string, positions: readonly string[]): Promise<unknown> =>
  execute(
    tx,
    sql`delete from outbox_deliveries where consumer = ${consumer}
      and position in (select p::bigint from json_array_elements_text(${JSON.stringify(positions)}::json) as p)`,
  );

/** Call after a failed transaction. Does nothing if another runner has consumed the event meanwhile. */
export const postponeDelivery = (
  db: Database,
  consumer: string,
  { position, delaySeconds, error }: { position: string; delaySeconds: number; error: { code: string; message: string } },
): Promise<unknown> =>
  execute(
    db,
    sql`update outbox_deliveries set failures = failures + 1, run_at = now() + make_interval(secs => ${delaySeconds}),
        last_error = ${JSON.stringify(error)}::jsonb || jsonb_build_object('at', now())
      where consumer = ${consumer} and position = ${position}::bigint`,
  );
