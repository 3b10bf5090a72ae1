/** Queue: lists what is due, for all loops of a runner at once. */

import { type SQL, sql } from "drizzle-orm";
import { type JobKind, jobKinds } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../postgres/client.ts";
import { claimable } from "./state-sql.ts";
import { isWaitingWithOrderingKey } from "./waiting-projects.ts";

export type DueWork = { kinds: ReadonlySet<JobKind>; consumers: ReadonlySet<string> };

/**
 * Lists which of these kinds have a due job and which of these consumers of the outbox a due event. One statement that locks nothing and
 * reads one entry of an index for each kind (of kinds with a concurrency limit: for each project) and consumer: jobs_claimable_idx,
 * jobs_slotless_project_idx, jobs_lane_idx, outbox_deliveries_due_idx. What is listed need not be claimable: another runner may take it
 * first, or its project or ordering key may be busy.
 */
export const listDueWork = async (
  db: Database,
  { kinds, consumers }: { kinds: readonly JobKind[]; consumers: readonly string[] },
): Promise<DueWork> => {
  const questions = [
    ...kinds.map((kind) => sql`select ${kind}::text as kind, null::text as consumer where ${hasDueJob(kind)}`),
    ...consumers.map(
      (name) => sql`select null::text as kind, ${name}::text as consumer
        where exists (select 1 from outbox_deliveries where consumer = ${name} and run_at <= now())`,
    ),
  ];
  if (questions.length === 0) return { kinds: new Set(), consumers: new Set() };
  const due = await execute<{ kind: JobKind | null; consumer: string | null }>(db, sql.join(questions, sql` union all `));
  return { kinds: new Set(due.flatMap(({ kind }) => kind ?? [])), consumers: new Set(due.flatMap(({ consumer }) => consumer ?? [])) };
};

const hasDueJob = (kind: JobKind): SQL => {
  const { how } = jobKinds[kind].claiming;
  switch (how) {
    case "limitedPerProject":
      return sql`exists (select 1 from job_slots s where exists (
        select 1 from jobs j where j.project_id = s.project_id and j.kind = ${kind} and j.state in ${claimable} and j.has_slot and j.run_at <= now()))`;
    case "roundRobin":
    case "pooledByKey":
      return sql`exists (select 1 from jobs j
        where j.kind = ${kind} and j.state in ${claimable} and not j.has_slot and j.lane is null and j.run_at <= now())`;
    case "batchedByOrderingKey":
      return sql`exists (select 1 from jobs j where ${isWaitingWithOrderingKey} and j.kind = ${kind} and j.run_at <= now())`;
    default:
      return how satisfies never;
  }
};
