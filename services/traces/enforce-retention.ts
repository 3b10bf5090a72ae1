/** Deletes what is older than the retention of its project. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";
import { deleteData } from "./delete-data.ts";

/** Retention is counted in days. */
const retentionEveryHours = 24;

/** Enqueues one job a day for each project with a retention, at most one at a time per project. Returns the number enqueued. */
export const enforceRetention = async (db: Database, newJobId: () => string): Promise<number> => {
  const due = await execute<{ projectId: string; before: string }>(
    db,
    sql`select p.id as "projectId", to_char((now() - make_interval(days => p.retention_days)) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as before
      from projects p where p.retention_days is not null
        and not exists (select 1 from jobs j where j.finished_at > now() - make_interval(hours => ${retentionEveryHours})
          and j.kind = 'data.delete' and j.dedupe_key = 'retention:' || p.id)`,
  );
  let begun = 0;
  for (const { projectId, before } of due) if (await deleteData(db, projectId, { scope: "before", before }, newJobId())) begun++;
  return begun;
};
