/**
 * Trace reads: answers a read and, if the experiment says so, again from an aggregate. Both are timed, compared and reported; the reader
 * waits only for the returned one. If the aggregate fails, the reader gets the answer of `traces`.
 */
import { chooseTraceSource } from "./choose-trace-source.ts";
import type { AggregateTable, TraceExperimentFlags } from "./experiment-env.ts";

export type TraceSource = "traces" | AggregateTable;

export type ComparedRead = {
  operation: string;
  projectId: string | null;
  source: AggregateTable;
  /** Null if the read failed. */
  tracesSeconds: number | null;
  aggregateSeconds: number | null;
  isEqual: boolean;
  returned: "traces" | "aggregate";
  /** The aggregate's failure; that of `traces` if only that one failed; null if neither did. */
  failure: unknown;
  /** Only for projects listed for it. */
  results?: { traces: unknown; aggregate: unknown };
};

export type TraceExperiment = {
  flags: TraceExperimentFlags;
  now: () => Date;
  /** Seconds of a monotonic clock; only differences count. */
  seconds: () => number;
  /** At least 0, below 1. */
  random: () => number;
  /** Must not throw. */
  report: (read: ComparedRead) => void;
  /** Keeps alive the work after the answer: the slower read, the comparison and the report. */
  defer: (work: Promise<void>) => void;
};

/** For answers that cannot be compared directly. */
export type Comparison<Answer> = {
  /** Returns the value to compare; null if the answer cannot be compared, which equals nothing. */
  view: (answer: Answer) => { value: unknown } | null;
  /** Closes an answer that nobody will read. */
  release: (answer: Answer) => Promise<void>;
};

export type TraceRead = {
  operation: string;
  /** Null for reads across projects, which are compared only if no projects are listed. */
  projectId: string | null;
  /** Earliest start of a trace in the answer; null for no bound. */
  from: Date | null;
};

/** Returns the aggregate to compare a read with, or null. Called once per read. */
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
  comparison: Comparison<Answer> = asItIs,
): Promise<Answer> => {
  const timed = async (of: TraceSource) => {
    const start = experiment.seconds();
    const answer = await run(of);
    return { answer, seconds: experiment.seconds() - start };
  };
  // Started together, so that both see the same moment as nearly as two queries can.
  const [traces, aggregate] = [timed("traces"), timed(source)];
  const wantsAggregate = shouldReturnAggregate(experiment, read);
  experiment.defer(compare(experiment, read, source, { traces, aggregate, wantsAggregate, comparison }));
  return (await (wantsAggregate ? aggregate.catch(() => traces) : traces)).answer;
};

type Timed<Answer> = Promise<{ answer: Answer; seconds: number }>;

const compare = async <Answer>(
  { flags, report }: TraceExperiment,
  { operation, projectId }: TraceRead,
  source: AggregateTable,
  asked: { traces: Timed<Answer>; aggregate: Timed<Answer>; wantsAggregate: boolean; comparison: Comparison<Answer> },
): Promise<void> => {
  const { view, release } = asked.comparison;
  const [traces, aggregate] = await Promise.allSettled([asked.traces, asked.aggregate]);
  const [left, right] = [traces, aggregate].map((read) => (read.status === "fulfilled" ? view(read.value.answer) : null));
  const returned = asked.wantsAggregate && aggregate.status === "fulfilled" ? "aggregate" : "traces";
  const unread = returned === "aggregate" ? traces : aggregate;
  report({
    operation,
    projectId,
    source,
    tracesSeconds: traces.status === "fulfilled" ? traces.value.seconds : null,
    aggregateSeconds: aggregate.status === "fulfilled" ? aggregate.value.seconds : null,
    isEqual: left != null && right != null && isSame(left.value, right.value),
    returned,
    failure: aggregate.status === "rejected" ? aggregate.reason : traces.status === "rejected" ? traces.reason : null,
    ...(projectId !== null && flags.resultsInReportProjectIds.includes(projectId)
      ? { results: { traces: left?.value, aggregate: right?.value } }
      : {}),
  });
  if (unread.status === "fulfilled") await release(unread.value.answer);
};

const asItIs: Comparison<unknown> = { view: (value) => ({ value }), release: async () => {} };

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

/** Deep equality. The order of object entries does not matter, that of list items does. */
export const isSame = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof Date || b instanceof Date) return a instanceof Date && b instanceof Date && a.getTime() === b.getTime();
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((value, i) => isSame(value, b[i]));
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  return left.size === right.size && [...left].every(([key, value]) => right.has(key) && isSame(value, right.get(key)));
};
