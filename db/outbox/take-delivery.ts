/** Deliveries: the events a consumer has still to consume. Takes, removes and postpones them one by one. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../postgres/client.ts";

export type Delivery = {
  /** Identifies the delivery within its consumer. Text, because JavaScript has no 64-bit integers. */
  position: string;
  failures: number;
  event: { id: string; type: string; projectId: string; objectId: string; createdAt: string; payload: unknown };
};

/**
 * Locks the delivery that has been due longest and is the first of its object, until the transaction ends. Returns undefined if there is
 * none or another runner has it. The first delivery of an object blocks its others, so they are consumed in order. Locks one row with SKIP
 * LOCKED and waits for none. Uses outbox_deliveries_due_idx, and outbox_deliveries_object_idx for the first.
 */
export const takeDelivery = async (tx: Database, consumer: string): Promise<Delivery | undefined> => {
  const [row] = await execute<Delivery["event"] & { position: string; failures: number }>(
    tx,
    sql`with taken as (
      select d.position, d.failures from outbox_deliveries d
      where d.consumer = ${consumer} and d.run_at <= now()
        and not exists (select 1 from outbox_deliveries e where e.consumer = d.consumer and e.object_id = d.object_id and e.position < d.position)
      order by d.run_at, d.position limit 1 for update of d skip locked
    )
    select taken.position::text as position, taken.failures, o.id, o.type, o.project_id as "projectId", o.object_id as "objectId", o.payload,
      to_char(o.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "createdAt"
    from taken join outbox o on o.position = taken.position`,
  );
  if (row === undefined) return undefined;
  const { position, failures, ...event } = row;
  return { position, failures, event };
};

/** Call in the transaction that holds the delivery and has written the effects of the event. */
export const removeDelivery = (tx: Database, consumer: string, position: string): Promise<unknown> =>
  execute(tx, sql`delete from outbox_deliveries where consumer = ${consumer} and position = ${position}::bigint`);

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
