/** Queue: lists the runners that hold jobs or have ended some lately. */

import { sql } from "drizzle-orm";
import { type Database, execute } from "../postgres/client.ts";
import { states } from "./state-sql.ts";

type Runner = {
  /** Name under which it claims jobs. */
  name: string;
  running: number;
  kinds: string[];
  /** ISO 8601 UTC: its last heartbeat for a job, or the end of its last one. */
  lastSeenAt: string;
};

/** Jobs whose runner is looked at, of those that ended last. */
const endedJobsMax = 10_000;

/**
 * Last seen first. An idle runner leaves no trace in the queue, and ingestion deletes its completed jobs: a runner that has only had those is
 * missing. Uses jobs_running_idx and jobs_finished_idx. Locks nothing.
 */
export const listRunners = (db: Database, { endedMinutes, rowsMax }: { endedMinutes: number; rowsMax: number }): Promise<Runner[]> =>
  execute(
    db,
    sql`select claimed_by as name, (count(*) filter (where is_running))::int as running, coalesce(array_agg(distinct kind) filter (where is_running), '{}') as kinds,
        to_char(max(seen_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "lastSeenAt"
      from (
        select claimed_by, kind, true as is_running, greatest(heartbeat_at, started_at) as seen_at from jobs where state = ${states.running}
        union all
        (select claimed_by, kind, false, finished_at from jobs where finished_at > now() - ${endedMinutes} * interval '1 minute' order by finished_at desc limit ${endedJobsMax})
      ) seen where claimed_by is not null and seen_at is not null
      group by claimed_by order by max(seen_at) desc, claimed_by limit ${rowsMax}`,
  );
