/** Closes a window on write time: afterwards nothing can appear in it. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";
import { kindList, states } from "../../db/queue/state-sql.ts";

/** Kinds whose jobs write versions of rows. Their versions are instants of their claim or later. */
const writingKinds = ["ingestion.merge", "data.delete"] as const;

/** The clock whose instants are versions: that of the claims of `ingestion.merge`. */
const clockKind = "ingestion.merge";

export type Horizon = {
  /** Nothing written before can still appear. ISO 8601 UTC with milliseconds. */
  closedUntil: string;
  now: string;
};

/**
 * Finds the instant up to which the project's rows are complete: now, or the claim of the oldest running job that writes rows, whichever is
 * earlier, less `lagSeconds` for writers that are not ours.
 * Locks the clock of claims until the transaction ends, so no claim can begin unseen: its job is either visible as running, or claimed
 * after this transaction, and `closeWindow` has then moved the clock on. Keep the transaction short; claims wait for it.
 */
export const findHorizon = async (tx: Database, projectId: string, lagSeconds: number): Promise<Horizon> => {
  await execute(
    tx,
    sql`insert into claim_clock as c (kind, claimed_at) values (${clockKind}, 'epoch') on conflict (kind) do update set kind = c.kind`,
  );
  const iso = (value: ReturnType<typeof sql>) =>
    sql`to_char(date_trunc('milliseconds', ${value}) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
  const [found] = await execute<Horizon>(
    tx,
    sql`select ${iso(sql`clock.now`)} as now, ${iso(sql`least(clock.now, oldest.claimed_at) - make_interval(secs => ${lagSeconds})`)} as "closedUntil"
      from (select clock_timestamp() as now) clock,
        (select min(started_at) as claimed_at from jobs where project_id = ${projectId} and state = ${states.running} and kind in ${kindList(writingKinds)}) oldest`,
  );
  if (found === undefined) throw new Error("a select without a condition returns a row");
  return found;
};

/** Keeps later claims from getting an instant before `end`, even if the clock steps back. Call in the transaction of `findHorizon`. */
export const closeWindow = async (tx: Database, end: string): Promise<void> => {
  await execute(tx, sql`update claim_clock set claimed_at = greatest(claimed_at, ${end}::timestamptz) where kind = ${clockKind}`);
};

/** Returns an instant later than every version there is, for rows that record deletions. ISO 8601 UTC with microseconds. */
export const nextVersion = async (db: Database): Promise<string> => {
  const [row] = await execute<{ version: string }>(
    db,
    sql`insert into claim_clock as c (kind, claimed_at) values (${clockKind}, clock_timestamp())
      on conflict (kind) do update set claimed_at = greatest(clock_timestamp(), c.claimed_at + interval '1 millisecond')
      returning to_char(claimed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as version`,
  );
  if (row === undefined) throw new Error("an upsert returns its row");
  return row.version;
};
