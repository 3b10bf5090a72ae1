/** Queue: lists what is due, for all loops of a runner at once. */

import { type SQL, sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
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
export const listDueWork = async (db: Database, asked: { kinds: readonly JobKind[]; consumers: readonly string[] }): Promise<DueWork> => {
  const text = statementOf(asked);
  if (text === "") return { kinds: new Set(), consumers: new Set() };
  const due = await execute<{ kind: JobKind | null; consumer: string | null }>(db, sql.raw(text));
  return { kinds: new Set(due.flatMap(({ kind }) => kind ?? [])), consumers: new Set(due.flatMap(({ consumer }) => consumer ?? [])) };
};

const statements = new Map<string, string>();

/**
 * Builds the text once: it is asked many times a second, and composing it took a fifth of a busy runner's time (measured). Our own names are
 * its only parameters.
 */
const statementOf = ({ kinds, consumers }: { kinds: readonly JobKind[]; consumers: readonly string[] }): string => {
  const name = JSON.stringify([kinds, consumers]);
  const known = statements.get(name);
  if (known !== undefined) return known;
  const questions = [
    ...kinds.map((kind) => sql`select ${kind}::text as kind, null::text as consumer where ${hasDueJob(kind)}`),
    ...consumers.map(
      (name) => sql`select null::text as kind, ${name}::text as consumer
        where exists (select 1 from outbox_deliveries where consumer = ${name} and run_at <= now())`,
    ),
  ];
  const text = questions.length === 0 ? "" : new PgDialect().sqlToQuery(sql.join(questions, sql` union all `).inlineParams()).sql;
  statements.set(name, text);
  return text;
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
