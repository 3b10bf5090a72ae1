/** Writes the consumers of the outbox, with the migrations. */
import { sql } from "drizzle-orm";
import type { ConsumerEntry } from "../../core/outbox/consumers.ts";
import { type Database, execute } from "../postgres/client.ts";

/**
 * From its commit on every event of these types is kept for these consumers, whoever writes it and whether they run or not. One that is not named any more stays: a version
 * before this one may still write and consume. What nobody will consume again is ended by a migration that deletes its row, and its deliveries with it.
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
