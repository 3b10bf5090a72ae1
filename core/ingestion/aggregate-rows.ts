/**
 * Ingestion, beside the tables: what one write of a trace, an observation or a score adds to the aggregates of traces, as a row of `traces_mt`.
 * Costs and usage are summed there, so an observation that is written again adds only what differs from what it has added before.
 */

/** An instant as ClickHouse takes it (JSONEachRow). */
type Instant = string;
/** Whole numbers from 0 to 2^64 - 1 by kind; text where a number would lose digits. */
type UsageDetails = Readonly<Record<string, string | number>>;
/** Decimal numbers with up to 12 decimals by kind. */
type CostDetails = Readonly<Record<string, string | number>>;

/** A row of `traces_mt`. Null, '' and empty lists are values that are absent: they overwrite nothing. */
export type AggregateRow = {
  project_id: string;
  id: string;
  start_time: Instant;
  end_time: Instant | null;
  name: string | null;
  metadata: Record<string, string>;
  user_id: string | null;
  session_id: string | null;
  environment: string;
  tags: string[];
  version: string | null;
  release: string | null;
  bookmarked: boolean | null;
  public: boolean | null;
  observation_ids: string[];
  score_ids: string[];
  cost_details: Record<string, string>;
  usage_details: Record<string, string>;
  input: string;
  output: string;
  created_at: Instant;
  updated_at: Instant;
  event_ts: Instant;
};

type Written = { project_id: string; id: string; environment: string; created_at: Instant; updated_at: Instant; event_ts: Instant };

/** What is needed of a row of `traces`. */
export type WrittenTrace = Written & {
  timestamp: Instant;
  name?: string | null;
  metadata: Readonly<Record<string, string>>;
  user_id?: string | null;
  session_id?: string | null;
  tags: readonly string[];
  version?: string | null;
  release?: string | null;
  bookmarked: boolean;
  public: boolean;
  input?: string | null;
  output?: string | null;
};

/** What is needed of a row of `observations`. */
export type WrittenObservation = Written & {
  trace_id?: string | null;
  start_time: Instant;
  end_time?: Instant | null;
  usage_details: UsageDetails;
  cost_details: CostDetails;
};

/** What is needed of a row of `scores`. */
export type WrittenScore = Written & { trace_id?: string | null; timestamp: Instant };

/** What the rows of one observation have added to one trace so far. */
export type Contribution = { usageDetails: UsageDetails; costDetails: CostDetails };

const nothing: Contribution = { usageDetails: {}, costDetails: {} };

/** `public` and `bookmarked` are always set: by them readers tell a trace from a row that only observations or scores have written. */
export const traceAggregateRow = (trace: WrittenTrace): AggregateRow => ({
  ...emptyRow(trace, trace.id, trace.timestamp),
  name: present(trace.name),
  metadata: { ...trace.metadata },
  user_id: present(trace.user_id),
  session_id: present(trace.session_id),
  tags: [...trace.tags],
  version: present(trace.version),
  release: present(trace.release),
  bookmarked: trace.bookmarked,
  public: trace.public,
  input: trace.input ?? "",
  output: trace.output ?? "",
});

/**
 * Undefined for an observation of no trace. `counted` is what its earlier writes have added to this trace (`listContributions`):
 * written again unchanged, it adds nothing. Left out, the sums grow with every write.
 */
export const observationAggregateRow = (observation: WrittenObservation, counted: Contribution = nothing): AggregateRow | undefined => {
  const traceId = present(observation.trace_id);
  if (traceId === null) return undefined;
  return {
    ...emptyRow(observation, traceId, observation.start_time),
    end_time: observation.end_time ?? null,
    observation_ids: [observation.id],
    usage_details: usageDifference(observation.usage_details, counted.usageDetails),
    cost_details: costDifference(observation.cost_details, counted.costDetails),
  };
};

/** Takes back what an observation has added to a trace it no longer belongs to, deleted or moved. Its id stays listed there: lists only grow. */
export const withdrawalAggregateRow = (observation: WrittenObservation, counted: Contribution): AggregateRow | undefined =>
  observationAggregateRow({ ...observation, usage_details: {}, cost_details: {} }, counted);

/**
 * Undefined for a score of no trace. A score has an instant of its own, often long after the trace, that would stretch the trace up to it:
 * with `traceStart` the row is placed at the start of the trace and moves nothing.
 */
export const scoreAggregateRow = (score: WrittenScore, traceStart?: Instant): AggregateRow | undefined => {
  const traceId = present(score.trace_id);
  return traceId === null ? undefined : { ...emptyRow(score, traceId, traceStart ?? score.timestamp), score_ids: [score.id] };
};

const emptyRow = (row: Written, id: string, startTime: Instant): AggregateRow => ({
  project_id: row.project_id,
  id,
  start_time: startTime,
  end_time: null,
  name: null,
  metadata: {},
  user_id: null,
  session_id: null,
  environment: row.environment,
  tags: [],
  version: null,
  release: null,
  bookmarked: null,
  public: null,
  observation_ids: [],
  score_ids: [],
  cost_details: {},
  usage_details: {},
  input: "",
  output: "",
  created_at: row.created_at,
  updated_at: row.updated_at,
  event_ts: row.event_ts,
});

const present = (text: string | null | undefined): string | null => (text === undefined || text === "" ? null : text);

const uint64 = 2n ** 64n;

/** UInt64 has no negative numbers but is summed modulo 2^64: -3 travels as 2^64 - 3, and the sum comes out right. */
const usageDifference = (now: UsageDetails, counted: UsageDetails): Record<string, string> =>
  difference(now, counted, (a, b) => String(BigInt.asUintN(64, wholeFrom(a) - wholeFrom(b))));

const costDifference = (now: CostDetails, counted: CostDetails): Record<string, string> =>
  difference(now, counted, (a, b) => decimalText(scaledFrom(a) - scaledFrom(b)));

/** Kinds that are new are named even when they are 0, those that were counted only when they change. */
const difference = (
  now: Readonly<Record<string, string | number>>,
  counted: Readonly<Record<string, string | number>>,
  subtract: (a: string | number, b: string | number) => string,
): Record<string, string> =>
  Object.fromEntries(
    [...new Set([...Object.keys(now), ...Object.keys(counted)])]
      .map((kind): [string, string] => [kind, subtract(own(now, kind) ?? 0, own(counted, kind) ?? 0)])
      .filter(([kind, value]) => own(counted, kind) === undefined || value !== "0"),
  );

/** Kinds come from customers: `constructor` is one like any other. */
const own = (map: Readonly<Record<string, string | number>>, kind: string) => (Object.hasOwn(map, kind) ? map[kind] : undefined);

const wholeFrom = (value: string | number): bigint => {
  const whole = BigInt(value);
  if (whole < 0n || whole >= uint64) throw new RangeError("a usage is a whole number from 0 to 2^64 - 1");
  return whole;
};

const decimals = 12;

/** In units of 10^-12. */
const scaledFrom = (value: string | number): bigint => {
  const text = typeof value === "number" ? value.toFixed(decimals) : value;
  const [, sign, whole, fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === undefined) throw new RangeError("a cost is a decimal number");
  const scaled = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, "0"));
  return sign === "-" ? -scaled : scaled;
};

const decimalText = (scaled: bigint): string => {
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(decimals + 1, "0");
  const text = `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`.replace(/\.?0+$/, "");
  return scaled < 0n ? `-${text}` : text;
};
