/** How much work waits, by kind. */
import { sql } from "drizzle-orm";
import { type JobKind, jobKinds } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../postgres/client.ts";

export type WaitingJobs = { kind: JobKind; due: number; oldestSeconds: number };

/** Counted so far for each way of claiming: a queue this long is long, and counting on would read it all. */
export const countedMax = 10_000;

/**
 * Jobs that are due and not claimed, every kind of the registry. Reads, locks nothing, and at most `countedMax` index entries for each way of claiming: in lanes by
 * jobs_lane_idx, without a slot by jobs_slotless_idx (which begins with the priority, that of the registry), with one by jobs_claimable_idx of the projects in job_slots.
 */
export const measureQueue = (db: Database): Promise<WaitingJobs[]> => {
  const kinds = Object.entries(jobKinds).map(([kind, { priority, hasSlot }]) => ({ kind, priority, has_slot: hasSlot }));
  return execute<WaitingJobs>(
    db,
    sql`with kinds as materialized (select kind, priority, has_slot from json_to_recordset(${JSON.stringify(kinds)}::json) as k(kind text, priority int, has_slot boolean)),
      due as (
        (select j.kind, j.run_at from jobs j
          where j.state in ('scheduled','available','retryable') and j.lane is not null and j.run_at <= now()
          order by j.run_at limit ${countedMax})
        union all
        select k.kind, j.run_at from kinds k cross join lateral (
          select run_at from jobs
          where state in ('scheduled','available','retryable') and not has_slot and lane is null
            and priority = k.priority and kind = k.kind and run_at <= now()
          order by run_at limit ${countedMax}) j
        where not k.has_slot
        union all
        (select k.kind, j.run_at from kinds k cross join job_slots s cross join lateral (
          select run_at from jobs
          where project_id = s.project_id and kind = k.kind and state in ('scheduled','available','retryable') and has_slot and run_at <= now()
          limit ${countedMax}) j
        where k.has_slot limit ${countedMax})
      )
      select k.kind, count(d.run_at)::int as due,
        coalesce(extract(epoch from now() - min(d.run_at)), 0)::double precision as "oldestSeconds"
      from kinds k left join due d on d.kind = k.kind group by k.kind`,
  );
};
