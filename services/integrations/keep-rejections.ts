/** Keeps the rows that a sink refused, each once per run, with its newest refusal. */
import { sql } from "drizzle-orm";
import { storableForm } from "../../core/storable.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import type { Lease } from "../../db/queue/heartbeat-job.ts";
import { states } from "../../db/queue/state-sql.ts";

type RejectedRow = { rowId: string; eventId: string; code: string; message: string };
type RejectedIn = { integrationId: string; runId: string; table: string };

const messageCharactersMax = 1000;

/** Writes nothing if the lease is lost. */
export const keepRejections = async (
  db: Database,
  lease: Lease,
  { integrationId, runId, table }: RejectedIn,
  rows: readonly RejectedRow[],
): Promise<void> => {
  if (rows.length === 0) return;
  const unique = [...new Map(rows.map((row) => [row.rowId, row])).values()].map(({ message, rowId, ...row }) => ({
    ...row,
    rowId: storableForm(rowId),
    message: storableForm(message.slice(0, messageCharactersMax)),
  }));
  await execute(
    db,
    sql`insert into integration_rejections as r (integration_id, run_id, table_name, row_id, event_id, code, message)
      select ${integrationId}, ${runId}, ${table}, x."rowId", x."eventId", x.code, x.message
      from json_to_recordset(${JSON.stringify(unique)}::json) as x("rowId" text, "eventId" text, code text, message text)
      where exists (select 1 from jobs j where j.id = ${lease.id} and j.lease_id = ${lease.leaseId}::uuid and j.state = ${states.running})
      on conflict (run_id, table_name, row_id) do update
        set code = excluded.code, message = excluded.message, event_id = excluded.event_id, accepted_at = null, updated_at = clock_timestamp()`,
  );
};

/** The database's instant at which a delivery begins, for `settleRejections`. */
export const beginRejections = async (db: Database): Promise<string> => {
  const [row] = await execute<{ at: string }>(db, sql`select clock_timestamp()::text as at`);
  return row?.at ?? "-infinity";
};

/** Marks those that the delivery begun at `startedAt` did not meet again: the sink has taken them, or the row is gone. */
export const settleRejections = async (
  db: Database,
  { runId, table }: { runId: string; table: string },
  startedAt: string,
): Promise<void> => {
  await execute(
    db,
    sql`update integration_rejections set accepted_at = now()
      where run_id = ${runId} and table_name = ${table} and accepted_at is null and updated_at < ${startedAt}::timestamptz`,
  );
};
