/** Queue: the projects with waiting jobs, in the order of their turns. */

import { type SQL, sql } from "drizzle-orm";

/**
 * Recursive table `turn(project_id)` for a WITH clause: the projects that have a job `j` of the condition, those after `afterProjectId` by id
 * first, then the others. Rows are found as they are read, one step along the index for each, so a reader with a limit reads no more steps.
 * Expects an index on the project, partial by the condition.
 */
export const projectsInTurn = (isWaiting: SQL, afterProjectId: string): SQL => {
  const next = (condition: SQL) => sql`(select j.project_id from jobs j where ${isWaiting} and ${condition} order by j.project_id limit 1)`;
  const isBefore = sql`j.project_id <= ${afterProjectId}`;
  return sql`following(project_id) as (
      select ${next(sql`j.project_id > ${afterProjectId}`)}
      union all
      select ${next(sql`j.project_id > f.project_id`)} from following f where f.project_id is not null
    ), before(project_id) as (
      select ${next(isBefore)}
      union all
      select ${next(sql`j.project_id > b.project_id and ${isBefore}`)} from before b where b.project_id is not null
    ), turn as (
      select t.project_id from (select project_id from following union all select project_id from before) t where t.project_id is not null
    )`;
};
