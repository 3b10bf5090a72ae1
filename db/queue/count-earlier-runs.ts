/** Queue: finds ingestion in progress that may have read what is being deleted. */

import { sql } from "drizzle-orm";
import { ingestionKinds } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../postgres/client.ts";
import { kindList, states } from "./state-sql.ts";

/** Returns the current instant by the clock that stamps claims, ISO 8601 UTC with microseconds. */
export const queueNow = async (db: Database): Promise<string> => {
  const [row] = await execute<{ now: string }>(
    db,
    sql`select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as now`,
  );
  return row?.now ?? "";
};

/** Counts the project's jobs claimed before the instant and not settled since. Locks nothing; uses jobs_running_idx. */
export const countEarlierRuns = async (db: Database, { projectId, before }: { projectId: string; before: string }): Promise<number> => {
  const [row] = await execute<{ running: number }>(
    db,
    sql`select count(*)::int as running from jobs where project_id = ${projectId} and state = ${states.running} and kind in ${kindList(ingestionKinds)}
      and started_at < ${before}::timestamptz`,
  );
  return row?.running ?? 0;
};
