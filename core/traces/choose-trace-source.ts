/** Trace reads: chooses the aggregate that answers, the smallest that still holds every trace of the requested time. */
import type { AggregateTable, TraceExperimentFlags } from "./experiment-env.ts";

const dayMs = 24 * 3600 * 1000;

/**
 * `from` is the earliest start of a trace in the answer; null for no bound. The tables drop rows a day after the bounds used here, so that
 * a read just within a bound finishes while its rows exist.
 */
export const chooseTraceSource = ({
  from,
  now,
  flags,
}: {
  from: Date | null;
  now: Date;
  flags: Pick<TraceExperimentFlags, "aggregateTables">;
}): AggregateTable => {
  const table = tableForAge(from === null ? Number.POSITIVE_INFINITY : now.getTime() - from.getTime());
  return flags.aggregateTables.length === 0 || flags.aggregateTables.includes(table) ? table : "traces_all_amt";
};

const tableForAge = (ageMs: number): AggregateTable => {
  if (ageMs <= 6 * dayMs) return "traces_7d_amt";
  if (ageMs <= 29 * dayMs) return "traces_30d_amt";
  return "traces_all_amt";
};
