/**
 * Queue: job states as SQL literals. They are never parameters: the planner uses a partial index only if the statement contains the exact
 * literals of its condition.
 */
import { type SQL, sql } from "drizzle-orm";
import { claimableStates, finalStates, type JobState, jobState } from "../../core/jobs/state.ts";

const literal = (state: JobState): string => `'${state}'`;
const listOf = (states: readonly JobState[]): SQL => sql.raw(`(${states.map(literal).join(",")})`);

/** One state: `state = ${states.running}`. */
export const states = Object.fromEntries(Object.entries(jobState).map(([name, state]) => [name, sql.raw(literal(state))])) as Record<
  keyof typeof jobState,
  SQL
>;

/** Lists in parentheses: `state in ${claimable}`. */
export const claimable = listOf(claimableStates);
export const final = listOf(finalStates);

/** Kinds in parentheses, for `kind in ${…}`. */
export const kindList = (kinds: readonly string[]): SQL =>
  sql`(${sql.join(
    kinds.map((kind) => sql`${kind}`),
    sql`, `,
  )})`;
