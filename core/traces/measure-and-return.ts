/**
 * Answers a read of traces, and where the experiment says so, answers it a second time from an aggregate: both are timed and compared,
 * the outcome is reported, one of them is returned. Whatever goes wrong with the aggregate, the reader gets the answer of `traces`.
 */
import { chooseTraceSource } from "./choose-trace-source.ts";
import type { AggregateTable, TraceExperimentFlags } from "./experiment-env.ts";

export type TraceSource = "traces" | AggregateTable;

export type ComparedRead = {
  operation: string;
  projectId: string | null;
  source: AggregateTable;
  tracesSeconds: number;
  /** Null when the read failed. */
  aggregateSeconds: number | null;
  isEqual: boolean;
  returned: "traces" | "aggregate";
  failure: unknown;
  /** Only for projects that are listed for it. */
  results?: { traces: unknown; aggregate: unknown };
};

export type TraceExperiment = {
  flags: TraceExperimentFlags;
  now: () => Date;
  /** Seconds of a clock that never goes back; only differences count. */
  seconds: () => number;
  /** From 0, below 1. */
  random: () => number;
  /** Must not throw. */
  report: (read: ComparedRead) => void;
};

export type TraceRead = {
  operation: string;
  /** Null for reads across projects, which are compared only where no projects are listed. */
  projectId: string | null;
  /** The earliest instant a trace of the answer may begin; null for no bound. */
  from: Date | null;
};

/** Decided once for a read: what it is compared with. Null when it is not compared. */
export const compareWith = (experiment: TraceExperiment, { projectId, from }: TraceRead): AggregateTable | null => {
  const { flags } = experiment;
  if (!flags.isComparing) return null;
  if (flags.projectIds.length > 0 && (projectId === null || !flags.projectIds.includes(projectId))) return null;
  if (experiment.random() >= flags.samplingRate) return null;
  return chooseTraceSource({ from, now: experiment.now(), flags });
};

export const measureAndReturn = async <Answer>(
  experiment: TraceExperiment,
  read: TraceRead,
  source: AggregateTable,
  run: (source: TraceSource) => Promise<Answer>,
): Promise<Answer> => {
  const timed = async (of: TraceSource) => {
    const start = experiment.seconds();
    const answer = await run(of);
    return { answer, seconds: experiment.seconds() - start };
  };
  // Together, so that both see the same moment as nearly as two queries can.
  const [traces, aggregate] = await Promise.allSettled([timed("traces"), timed(source)]);
  if (traces.status === "rejected") throw traces.reason;
  const { flags } = experiment;
  const isFailed = aggregate.status === "rejected";
  const returnsAggregate = !isFailed && shouldReturnAggregate(experiment, read);
  experiment.report({
    operation: read.operation,
    projectId: read.projectId,
    source,
    tracesSeconds: traces.value.seconds,
    aggregateSeconds: isFailed ? null : aggregate.value.seconds,
    isEqual: !isFailed && isSame(traces.value.answer, aggregate.value.answer),
    returned: returnsAggregate ? "aggregate" : "traces",
    failure: isFailed ? aggregate.reason : null,
    ...(read.projectId !== null && flags.resultsInReportProjectIds.includes(read.projectId)
      ? { results: { traces: traces.value.answer, aggregate: isFailed ? null : aggregate.value.answer } }
      : {}),
  });
  return returnsAggregate && !isFailed ? aggregate.value.answer : traces.value.answer;
};

const shortTermMs = 30 * 24 * 3600 * 1000;

const shouldReturnAggregate = ({ flags, now }: TraceExperiment, { from }: TraceRead): boolean => {
  switch (flags.returns) {
    case "traces":
      return false;
    case "aggregate":
      return true;
    case "aggregate_of_last_30_days":
      return from !== null && now().getTime() - from.getTime() <= shortTermMs;
    default:
      return flags.returns satisfies never;
  }
};

/** Same values all the way down; the order of the entries of an object does not count, that of a list does. */
export const isSame = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof Date || b instanceof Date) return a instanceof Date && b instanceof Date && a.getTime() === b.getTime();
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((value, i) => isSame(value, b[i]));
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  return left.size === right.size && [...left].every(([key, value]) => right.has(key) && isSame(value, right.get(key)));
};
