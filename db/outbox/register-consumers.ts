/** Registers the consumers of the outbox, together with the migrations. */
import { sql } from "drizzle-orm";
import type { ConsumerEntry } from "../../core/outbox/consumers.ts";
import { type Database, execute } from "../postgres/client.ts";

/**
 * From its commit on, every event of these types is kept for these consumers, whichever version writes it and whether or not they run. A
 * consumer that is no longer listed stays, because an older version may still use it. A migration ends a consumer for good by deleting its
 * row and deliveries.
 */
export const registerConsumers = async (db: Database, consumers: Record<string, Pick<ConsumerEntry, "types">>): Promise<void> => {
  const rows = Object.entries(consumers).map(([name, { types }]) => ({ name, types }));
  await execute(
    db,
    sql`insert into outbox_consumers (name, event_types)
      select r.name, array(select json_array_elements_text(r.types)) from json_to_recordset(${JSON.stringify(rows)}::json) as r(name text, types json)
      on conflict (name) do update set event_types = excluded.event_types, updated_at = now()
        where outbox_consumers.event_types is distinct from excluded.event_types`,
  );
};
