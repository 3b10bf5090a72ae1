/** Queue: repairs the counters of running jobs from the job rows. */

import { sql } from "drizzle-orm";
import { type Database, execute } from "../postgres/client.ts";
import { states } from "./state-sql.ts";

/**
 * Two statements in one short transaction: the first locks the job_slots rows, the second counts with a newer snapshot. Claims skip locked
 * rows and settling waits for them, so the count is what the counter must say. Rows are locked in project order, so two repairs cannot
 * deadlock.
 * Returns how many counters were wrong.
 */
export const repairConcurrencyCounts = (db: Database): Promise<number> =>
  db.transaction(async (tx) => {
    await execute(
      tx,
      sql`insert into job_slots (project_id) select distinct project_id from jobs where finished_at is null order by project_id on conflict do nothing`,
    );
    await execute(tx, sql`select project_id from job_slots order by project_id for update`);
    const wrong = await execute<{ id: string }>(
      tx,
      sql`update job_slots s set running = counted.running, updated_at = now()
        from (
          select s2.project_id, (select count(*)::int from jobs j where j.project_id = s2.project_id and j.state = ${states.running} and has_slot) as running from job_slots s2
        ) counted
        where counted.project_id = s.project_id and counted.running <> s.running
        returning s.project_id as id`,
    );
    return wrong.length;
  });
