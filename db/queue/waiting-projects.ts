/** The projects that have jobs in lanes waiting. */
import { type SQL, sql } from "drizzle-orm";

/** Of a row `j` of jobs; the condition of jobs_lane_idx. */
export const isWaitingInLane = sql`j.state in ('scheduled','available','retryable') and j.lane is not null`;

/** Recursive table `project(id)` of a WITH clause; its last row is null. Reads one entry of jobs_lane_idx for each project, however many jobs it has. */
export const waitingProjects: SQL = sql`project(id) as (
  (select j.project_id from jobs j where ${isWaitingInLane} order by j.project_id limit 1)
  union all
  select (select j.project_id from jobs j where ${isWaitingInLane} and j.project_id > p.id order by j.project_id limit 1)
  from project p where p.id is not null
)`;
