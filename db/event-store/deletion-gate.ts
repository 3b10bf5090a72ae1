/**
 * Keeps what is stored and what is deleted apart, for each project. An object and its rows live in two stores, and the same key may be stored again while it is deleted:
 * whoever writes the rows of objects holds the gate in common until these are committed, whoever deletes objects holds it alone. So after a deletion has let go, an object and its
 * rows are both there or both gone, but for objects stored before their transaction began: `wasDeletedSince` tells, and these are stored once more, behind the gate.
 */

import { type SQL, sql } from "drizzle-orm";
import { type Database, execute } from "../postgres/client.ts";
import { claimable, states } from "../queue/state-sql.ts";

/** Any constant will do; Worker and runner must use the same. */
const gate = 727_003;

/** To be evaluated in the transaction's first statement: what the next one sees then includes every deletion that ended before. */
export const gateInCommon = (projectId: string): SQL => sql`pg_advisory_xact_lock_shared(${gate}, hashtext(${projectId}))`;

/** Runs `act` while nobody of this project commits rows of objects. Short: whoever sends events waits meanwhile, ten seconds at most. */
export const alone = <T>(db: Database, projectId: string, act: (tx: Database) => Promise<T>): Promise<T> =>
  db.transaction(async (transaction) => {
    const tx = transaction as unknown as Database;
    await execute(tx, sql`select pg_advisory_xact_lock(${gate}, hashtext(${projectId}))`);
    return act(tx);
  });

/** Requests take a little longer than their own clock says. */
const marginSeconds = 5;

/** Whether a deletion of the project is wanted, runs, or has run in the last `seconds`. Behind the gate only. Uses jobs_claimable_idx, jobs_running_idx and jobs_finished_idx. */
export const wasDeletedSince = async (tx: Database, { projectId, seconds }: { projectId: string; seconds: number }): Promise<boolean> => {
  const deletion = sql`from jobs where project_id = ${projectId} and kind = 'data.delete'`;
  const [row] = await execute<{ found: boolean }>(
    tx,
    sql`select exists (select 1 ${deletion} and state in ${claimable}) or exists (select 1 ${deletion} and state = ${states.running})
      or exists (select 1 ${deletion} and finished_at > clock_timestamp() - make_interval(secs => ${seconds + marginSeconds})) as found`,
  );
  return row?.found ?? false;
};
