/** Queue: counts dead letters, accepted jobs that have used up their attempts. */

import { sql } from "drizzle-orm";
import { kindsWhere } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../postgres/client.ts";
import { kindList, states } from "./state-sql.ts";

const accepted = kindList(kindsWhere(({ durability }) => durability === "accepted"));

/** Uses jobs_finished_idx. */
export const countDeadLetters = async (db: Database): Promise<number> => {
  const [row] = await execute<{ jobs: number }>(
    db,
    sql`select count(*)::int as jobs from jobs where finished_at is not null and state = ${states.discarded} and kind in ${accepted}`,
  );
  return row?.jobs ?? 0;
};
