/** Queue: counts unfinished jobs by kind and state. */

import { sql } from "drizzle-orm";
import type { JobKind } from "../../core/jobs/kinds.ts";
import type { JobState } from "../../core/jobs/state.ts";
import { type Database, execute } from "../postgres/client.ts";
import { claimable, states } from "./state-sql.ts";

/** Counting limit: beyond it, an exact count would read the whole queue. */
export const countedJobsMax = 100_000;

/** Waiting jobs up to `countedJobsMax`, along one of their partial indexes; running ones along jobs_running_idx. Locks nothing. */
export const countJobs = (db: Database): Promise<{ kind: JobKind; state: JobState; jobs: number }[]> =>
  execute(
    db,
    sql`select kind, state, count(*)::int as jobs from (
        (select kind, state from jobs where state in ${claimable} limit ${countedJobsMax})
        union all
        select kind, state from jobs where state = ${states.running}
      ) j group by kind, state order by kind, state`,
  );
