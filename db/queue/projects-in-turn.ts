/** Queue: the projects with waiting jobs, in the order of their turns. */

import { type SQL, sql } from "drizzle-orm";

/**
 * Recursive table `turn(project_id)` for a WITH clause: the projects that have a job `j` of the condition, those after `afterProjectId` by id
 * first, then the others. Rows are found as they are read, one step along the index for each, so a reader with a limit causes no more
 * steps. Expects an index on the project, partial by the condition. Each mention of `jobs` costs 0.2 ms of planning, so the walks begin with
 * a row that is no project instead of a query of their own.
 */
export const projectsInTurn = (isWaiting: SQL, afterProjectId: string): SQL => {
  const walk = (fromProjectId: string, condition: SQL) =>
    sql`(project_id, step) as (
      select ${fromProjectId}::text, 0
      union all
      select (select j.project_id from jobs j where ${isWaiting} and j.project_id > w.project_id ${condition} order by j.project_id limit 1), w.step + 1
      from `;
  const following = sql`following${walk(afterProjectId, sql``)} following w where w.project_id is not null)`;
  if (afterProjectId === "") return sql`${following}, turn as (select project_id from following where step > 0 and project_id is not null)`;
  const before = sql`before${walk("", sql`and j.project_id <= ${afterProjectId}`)} before w where w.project_id is not null)`;
  return sql`${following}, ${before}, turn as (
    select project_id from (select * from following union all select * from before) t where step > 0 and project_id is not null
  )`;
};
