/** Queue: claims many jobs with concurrency keys under one lease. */
import { type SQL, sql } from "drizzle-orm";
import type { PooledKind } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../postgres/client.ts";
import { claimable, states } from "./state-sql.ts";

export type KeyedJob = { id: string; projectId: string; payload: unknown; attempt: number; concurrencyKey: string };
export type KeyedBatch = { leaseId: string; jobs: KeyedJob[] };

type KeyedClaim = {
  kind: PooledKind;
  jobsMax: number;
  /** Jobs that may be taken per key; 0 leaves a key out. Keys that are not named: one. */
  allowances: Readonly<Record<string, number>>;
  /** Keys after this one come first, so that keys take turns from claim to claim. */
  afterKey: string;
  claimedBy: string;
  leaseSeconds: number;
};

const isWaiting = (kind: PooledKind): SQL => sql`j.kind = ${kind} and j.state in ${claimable} and j.concurrency_key is not null`;

/**
 * Claims up to `jobsMax` due jobs, key by key, each with its oldest first. One statement: steps from key to key along
 * jobs_concurrency_key_idx (one entry for each key with waiting jobs until the batch is full), locks with SKIP LOCKED and waits for none. A
 * job that another runner has claimed since the snapshot is left out by the check on the locked row.
 */
export const claimKeyedJobs = async (
  db: Database,
  { kind, jobsMax, allowances, afterKey, claimedBy, leaseSeconds }: KeyedClaim,
): Promise<KeyedBatch | undefined> => {
  const nextKey = (condition: SQL) =>
    sql`(select j.concurrency_key from jobs j where ${isWaiting(kind)} and ${condition} order by j.concurrency_key limit 1)`;
  const following = sql`j.concurrency_key > ${afterKey}`;
  const before = sql`j.concurrency_key <= ${afterKey}`;
  const rows = await execute<KeyedJob & { leaseId: string }>(
    db,
    sql`with recursive following(key) as (
        select ${nextKey(following)}
        union all
        select ${nextKey(sql`j.concurrency_key > f.key`)} from following f where f.key is not null
      ), before(key) as (
        select ${nextKey(before)}
        union all
        select ${nextKey(sql`j.concurrency_key > b.key and ${before}`)} from before b where b.key is not null
      ), due as materialized (
        select d.id from (select key from following where key is not null union all select key from before where key is not null) k
          cross join lateral (
            select j.id from jobs j where ${isWaiting(kind)} and j.concurrency_key = k.key and j.run_at <= now()
            order by j.run_at, j.id limit coalesce((${JSON.stringify(allowances)}::jsonb ->> k.key)::int, 1)
          ) d
        limit ${jobsMax}
      ), taken as materialized (
        select j.id from jobs j where j.id in (select id from due) and j.state in ${claimable} for update skip locked
      ), lease as materialized (select gen_random_uuid() as id)
      update jobs j
      set state = ${states.running}, attempt = j.attempt + 1, lease_id = lease.id, claimed_by = ${claimedBy},
        lease_until = now() + make_interval(secs => ${leaseSeconds}), started_at = now(), heartbeat_at = now()
      from taken, lease where j.id = taken.id
      returning j.id, j.project_id as "projectId", j.payload, j.attempt, j.concurrency_key as "concurrencyKey", j.lease_id as "leaseId"`,
  );
  const [first] = rows;
  return first === undefined ? undefined : { leaseId: first.leaseId, jobs: rows.map(({ leaseId, ...job }) => job) };
};
