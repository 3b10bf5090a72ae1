/**
 * Event store: an advisory lock per project that separates storing from deleting. An object and its rows live in two stores, and a key may
 * be stored again while it is being deleted.
 * Whoever writes the rows of objects holds the shared lock until commit; whoever deletes objects holds the exclusive lock. After a deletion
 * has released it, an object and its rows are both there or both gone.
 * The exception are objects stored before their transaction began: `wasDeletedSince` detects them, and they are stored again under the
 * lock.
 */

import { type SQL, sql } from "drizzle-orm";
import { type Database, execute } from "../postgres/client.ts";
import { claimable, states } from "../queue/state-sql.ts";

/** An arbitrary constant; the Worker and the runner must use the same. */
const lockClass = 727_003;

/** Takes the shared lock. Must be in the transaction's first statement: the next one then sees every deletion that ended before. */
export const lockShared = (projectId: string): SQL => sql`pg_advisory_xact_lock_shared(${lockClass}, hashtext(${projectId}))`;

/**
 * Runs `act` under the exclusive lock, while no one commits rows of this project's objects. Keep it short: senders of events wait
 * meanwhile, ten seconds at most.
 */
export const lockExclusive = <T>(db: Database, projectId: string, act: (tx: Database) => Promise<T>): Promise<T> =>
  db.transaction(async (tx) => {
    await execute(tx, sql`select pg_advisory_xact_lock(${lockClass}, hashtext(${projectId}))`);
    return act(tx);
  });

/** Requests take a little longer than their own clock says. */
const marginSeconds = 5;

/**
 * Returns whether a deletion of the project is waiting, running, or has run in the last `seconds`. Call only under the lock. Uses
 * jobs_claimable_idx, jobs_running_idx and jobs_finished_idx.
 */
export const wasDeletedSince = async (tx: Database, { projectId, seconds }: { projectId: string; seconds: number }): Promise<boolean> => {
  const deletion = sql`from jobs where project_id = ${projectId} and kind = 'data.delete'`;
  const [row] = await execute<{ found: boolean }>(
    tx,
    sql`select exists (select 1 ${deletion} and state in ${claimable}) or exists (select 1 ${deletion} and state = ${states.running})
      or exists (select 1 ${deletion} and finished_at > clock_timestamp() - make_interval(secs => ${seconds + marginSeconds})) as found`,
  );
  return row?.found ?? false;
};
