/** Queue: finds the projects with waiting jobs that have an ordering key. */

import { type SQL, sql } from "drizzle-orm";
import { claimable } from "./state-sql.ts";

/** Over a row `j` of jobs; the condition of jobs_lane_idx. */
export const isWaitingWithOrderingKey = sql`j.state in ${claimable} and j.lane is not null`;

/**
 * Recursive table `waiting(project_id, losses)` for a WITH clause: one row per project and number of losses among its jobs. Reads one entry
 * of jobs_lane_idx for each, however many jobs there are.
 */
export const waitingProjects: SQL = sql`waiting(project_id, losses) as (
  (select j.project_id, j.losses from jobs j where ${isWaitingWithOrderingKey} order by j.project_id, j.losses limit 1)
  union all
  select n.* from waiting w cross join lateral (
    select j.project_id, j.losses from jobs j where ${isWaitingWithOrderingKey} and (j.project_id, j.losses) > (w.project_id, w.losses) order by j.project_id, j.losses limit 1
  ) n
)`;
