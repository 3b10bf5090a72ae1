/** Rows of the analytics tables as ClickHouse writes them, one JSON object per line. The SQL is in the files named for the tables. */

type RowBase = {
  id: string;
  projectId: string;
  /** ISO 8601 UTC. */
  timestamp: string;
  environment: string;
  /** User, session, release and tags of the trace. A user or session that is empty or unknown is null. */
  userId: string | null;
  sessionId: string | null;
  release: string | null;
  tags: readonly string[];
  /** From the metadata keys `$posthog_session_id` and `$mixpanel_session_id` of the trace. */
  posthogSessionId: string | null;
  mixpanelSessionId: string | null;
  /** The instant the revision was written, ISO 8601 UTC with microseconds. */
  _version: string;
};

export type TraceRow = RowBase & {
  name: string | null;
  version: string | null;
  costUsd: number | null;
  observations: number;
  latencySeconds: number | null;
};

type ObservationRow = RowBase & {
  name: string | null;
  traceName: string | null;
  traceId: string;
  version: string | null;
  model: string | null;
  level: string;
  costUsd: number | null;
  inputUnits: number | null;
  outputUnits: number | null;
  totalUnits: number | null;
  latencySeconds: number | null;
};

export type GenerationRow = ObservationRow & { timeToFirstTokenMs: number | null };

export type EventRow = ObservationRow & { type: string; timeToFirstTokenSeconds: number | null };

export type ScoreRow = RowBase & {
  name: string;
  value: number;
  comment: string | null;
  metadata: Readonly<Record<string, string>>;
  stringValue: string | null;
  dataType: string;
  traceId: string | null;
  traceName: string | null;
  scoredSessionId: string | null;
  datasetRunId: string | null;
};

export type AnalyticsRows = { traces: TraceRow; generations: GenerationRow; scores: ScoreRow; events: EventRow };
