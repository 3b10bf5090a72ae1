/** Queue: deletes rows that are no longer needed, in small batches. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../postgres/client.ts";

const batchRows = 1000;

/**
 * Deletes finished jobs and usage older than `keepDays`, answers of repeated requests after 24 hours, and idle job_slots rows. Returns the number of rows; call again while a
 * batch was full.
 */
export const pruneJobs = async (db: Database, { keepDays }: { keepDays: number }): Promise<number> => {
  const jobs = await execute(
    db,
    sql`delete from jobs where id in (
      select j.id from jobs j where j.finished_at < now() - make_interval(days => ${keepDays})
      order by j.finished_at limit ${batchRows} for update skip locked) returning id`,
  );
  const kept = await execute(
    db,
    sql`delete from idempotent_requests where ctid in (
      select ctid from idempotent_requests where created_at < now() - interval '24 hours' limit ${batchRows} for update skip locked) returning key`,
  );
  const usage = await execute(
    db,
    sql`delete from export_usage where ctid in (
      select ctid from export_usage where hour < now() - make_interval(days => ${keepDays}) limit ${batchRows} for update skip locked) returning hour`,
  );
  // Rows of the previous version, which nobody writes after its end.
  const keys = await execute(
    db,
    sql`delete from idempotency_keys where ctid in (select ctid from idempotency_keys where created_at < now() - interval '24 hours' limit ${batchRows}) returning key`,
  );
  const slots = await execute(
    db,
    // Skips rows locked by a creation; the second check, on the locked row, sees a job created since.
    sql`delete from job_slots where project_id in (
        select project_id from job_slots s where running = 0 and updated_at < now() - interval '1 hour'
          and not exists (select 1 from jobs j where j.project_id = s.project_id and j.finished_at is null) for update skip locked
      ) and running = 0 and not exists (select 1 from jobs j where j.project_id = job_slots.project_id and j.finished_at is null) returning project_id`,
  );
  return jobs.length + kept.length + usage.length + keys.length + slots.length;
};
