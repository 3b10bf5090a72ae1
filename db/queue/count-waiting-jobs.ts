/** Queue: measures a project's waiting ingestion. */

import { sql } from "drizzle-orm";
import { ingestionKinds } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../postgres/client.ts";
import { claimable, kindList } from "./state-sql.ts";

/** Counts jobs that wait to be claimed, up to `countMax`. Locks nothing; uses jobs_claimable_idx. */
export const countWaitingJobs = async (db: Database, { projectId, countMax }: { projectId: string; countMax: number }): Promise<number> => {
  const [row] = await execute<{ waiting: number }>(
    db,
    sql`select count(*)::int as waiting from (
      select 1 from jobs where project_id = ${projectId} and kind in ${kindList(ingestionKinds)}
        and state in ${claimable} limit ${countMax}) w`,
  );
  return row?.waiting ?? 0;
};
