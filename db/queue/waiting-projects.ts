/** The projects that have jobs in lanes waiting. */

import { type SQL, sql } from "drizzle-orm";
import { claimable } from "./state-sql.ts";

/** Of a row `j` of jobs; the condition of jobs_lane_idx. */
export const isWaitingInLane = sql`j.state in ${claimable} and j.lane is not null`;

/** Recursive table `waiting(project_id, losses)` of a WITH clause: each project as often as its jobs differ in losses. Reads one entry of jobs_lane_idx for each, however many jobs it has. */
export const waitingProjects: SQL = sql`waiting(project_id, losses) as (
  (select j.project_id, j.losses from jobs j where ${isWaitingInLane} order by j.project_id, j.losses limit 1)
  union all
  select n.* from waiting w cross join lateral (
    select j.project_id, j.losses from jobs j where ${isWaitingInLane} and (j.project_id, j.losses) > (w.project_id, w.losses) order by j.project_id, j.losses limit 1
  ) n
)`;
