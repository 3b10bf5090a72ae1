/** Asks an integration to deliver a range again: windows that touch it, and those that its ledger does not have yet. */
import { sql } from "drizzle-orm";
import { AppError } from "../../core/errors.ts";
import { cutWindows, type Schedule, type Window } from "../../core/integrations/schedule.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { type IntegrationRow, lockIntegration } from "./integration-row.ts";
import { markRunsPending } from "./mark-runs-pending.ts";

/** New windows of one request. */
const windowsMax = 20_000;

type Backfill =
  /** `again`: windows delivered before. `added`: windows that were in no run. The range ends where the integration has got to. */
  { outcome: "requested"; again: number; added: number; from: string; to: string } | { outcome: "absent" | "notStarted" };

/**
 * `from` and `to`: ISO 8601, half-open on the instant a row was written. What lies beyond the integration's cursor is left to its schedule.
 * Throws INVALID_REQUEST if too many windows would be added.
 */
export const requestBackfill = (db: Database, actor: Actor, id: string, range: { from: string; to: string }): Promise<Backfill> =>
  transaction(db, async (tx) => {
    const row = await lockIntegration(tx, actor.projectId, id);
    if (row === undefined) return { outcome: "absent" };
    if (row.cursor === null) return { outcome: "notStarted" };
    const startMs = Date.parse(range.from);
    const endMs = Math.min(Date.parse(range.to), row.cursor.getTime());
    const from = new Date(startMs).toISOString();
    const to = new Date(Math.max(startMs, endMs)).toISOString();
    const again =
      startMs < endMs ? await markRunsPending(tx, row, sql`window_start < ${to}::timestamptz and window_end > ${from}::timestamptz`) : 0;
    const added = startMs < endMs ? await addWindows(tx, row, { startMs, endMs }) : 0;
    const after = { from, to, again, added };
    await writeAudit(tx, actor, { resourceType: "integration", resourceId: id, action: "backfill", after });
    return { outcome: "requested", ...after };
  });

/** Inserts runs for the parts of the range that no run covers, cut at the ticks of the schedule. */
const addWindows = async (tx: Database, row: IntegrationRow, range: Window): Promise<number> => {
  const schedule: Schedule = { frequency: row.frequency, cron: row.cron, timeZone: row.timeZone };
  const windows: { s: string; e: string }[] = [];
  for (const gap of await listGaps(tx, row.id, range))
    for (const { startMs, endMs } of cutWindows(schedule, gap)) {
      windows.push({ s: new Date(startMs).toISOString(), e: new Date(endMs).toISOString() });
      if (windows.length > windowsMax) throw tooMany();
    }
  if (windows.length === 0) return 0;
  const added = await execute(
    tx,
    sql`insert into integration_runs (integration_id, project_id, cause, state, window_start, window_end)
      select ${row.id}, ${row.projectId}, 'backfill', 'pending', w.s, w.e
      from jsonb_to_recordset(${JSON.stringify(windows)}::jsonb) as w(s timestamptz, e timestamptz)
      on conflict (integration_id, window_start, window_end) do nothing returning id`,
  );
  return added.length;
};

const tooMany = () =>
  new AppError({
    code: "INVALID_REQUEST",
    fields: [{ path: "from", message: `would add more than ${windowsMax} windows; ask for a shorter range` }],
  });

/**
 * Returns the parts of the range that are in no run. Runs may overlap, because the schedule may have changed: `covered` is how far all
 * earlier ones reach. Uses integration_runs_window_key. Milliseconds: a gap that is shorter cannot be a window.
 */
const listGaps = async (tx: Database, integrationId: string, { startMs, endMs }: Window): Promise<Window[]> => {
  const from = new Date(startMs).toISOString();
  const to = new Date(endMs).toISOString();
  const gaps = await execute<{ startMs: number; endMs: number }>(
    tx,
    sql`with touching as (
      select window_start as s, window_end as e from integration_runs
        where integration_id = ${integrationId} and window_start < ${to}::timestamptz and window_end > ${from}::timestamptz
      union all select ${to}::timestamptz, ${to}::timestamptz
    ), walked as (
      select s, greatest(${from}::timestamptz, max(e) over (order by s, e rows between unbounded preceding and 1 preceding)) as covered from touching
    )
    select ceil(extract(epoch from covered) * 1000)::float8 as "startMs", floor(extract(epoch from s) * 1000)::float8 as "endMs"
      from walked where covered < s order by s`,
  );
  return gaps.map((gap) => ({ startMs: Number(gap.startMs), endMs: Number(gap.endMs) }));
};
