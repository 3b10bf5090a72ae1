/** Ingestion, trace aggregates: maps a row of `traces`, `observations` or `scores` to a row of `traces_mt` for its trace. */

/** An instant in the form ClickHouse reads (JSONEachRow). */
type Instant = string;
/** Kind to a whole number from 0 to 2^64 - 1; a string where a number would lose digits. */
type UsageDetails = Readonly<Record<string, string | number>>;
/** Kind to a decimal number with up to 12 decimals. */
type CostDetails = Readonly<Record<string, string | number>>;

/** A row of `traces_mt`. Null, '' and empty lists mean absent: they overwrite nothing. */
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
  /** The observation's full usage and cost. The writer of the row subtracts what was counted before. */
  cost_details: CostDetails;
  usage_details: UsageDetails;
  input: string;
  output: string;
  created_at: Instant;
  updated_at: Instant;
  event_ts: Instant;
};

type Written = { project_id: string; id: string; environment: string; created_at: Instant; updated_at: Instant; event_ts: Instant };

/** The columns of a `traces` row that the mapping reads. */
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

/** The columns of an `observations` row that the mapping reads. */
export type WrittenObservation = Written & {
  trace_id?: string | null;
  start_time: Instant;
  end_time?: Instant | null;
  usage_details: UsageDetails;
  cost_details: CostDetails;
};

/** The columns of a `scores` row that the mapping reads. */
export type WrittenScore = Written & { trace_id?: string | null; timestamp: Instant };

/** Always sets `public` and `bookmarked`: readers use them to tell a trace from a row that only observations or scores have written. */
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

/** Undefined for an observation without a trace. */
export const observationAggregateRow = (observation: WrittenObservation): AggregateRow | undefined => {
  const traceId = present(observation.trace_id);
  if (traceId === null) return undefined;
  return {
    ...emptyRow(observation, traceId, observation.start_time),
    end_time: observation.end_time ?? null,
    observation_ids: [observation.id],
    usage_details: observation.usage_details,
    cost_details: observation.cost_details,
  };
};

/** Undefined for a score without a trace. */
export const scoreAggregateRow = (score: WrittenScore): AggregateRow | undefined => {
  const traceId = present(score.trace_id);
  return traceId === null ? undefined : { ...emptyRow(score, traceId, score.timestamp), score_ids: [score.id] };
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
