/** One row of each analytics table, as ClickHouse writes it. */
import type { EventRow, GenerationRow, ScoreRow, TraceRow } from "../../core/integrations/analytics/analytics-rows.ts";

const shared = {
  projectId: "project-1",
  environment: "production",
  userId: "user-1",
  sessionId: "session-1",
  release: "v1.4.2",
  tags: ["blue", "green"],
  posthogSessionId: "01963f2e-0000-7000-8000-000000000001",
  mixpanelSessionId: "mixpanel-session-1",
  _version: "2026-11-28T10:00:05.000001Z",
};

const observation = {
  name: "answer",
  traceName: "chat",
  traceId: "trace-1",
  version: "7",
  model: "gpt-4o",
  level: "DEFAULT",
  costUsd: 0.000750000001,
  inputUnits: 100,
  outputUnits: 25,
  totalUnits: 125,
  latencySeconds: 1.235,
};

export const traceRow = (row: Partial<TraceRow> = {}): TraceRow => ({
  ...shared,
  id: "trace-1",
  timestamp: "2026-11-28T10:00:00.123Z",
  name: "chat",
  version: "7",
  costUsd: 0.0015,
  observations: 3,
  latencySeconds: 4.5,
  ...row,
});

export const generationRow = (row: Partial<GenerationRow> = {}): GenerationRow => ({
  ...shared,
  ...observation,
  id: "generation-1",
  timestamp: "2026-11-28T10:00:01.000Z",
  timeToFirstTokenMs: 310,
  ...row,
});

export const scoreRow = (row: Partial<ScoreRow> = {}): ScoreRow => ({
  ...shared,
  id: "score-1",
  timestamp: "2026-11-28T10:00:02.000Z",
  name: "helpfulness",
  value: 0.75,
  comment: "good",
  metadata: { evaluator_id: "e1" },
  stringValue: null,
  dataType: "NUMERIC",
  traceId: "trace-1",
  traceName: "chat",
  scoredSessionId: null,
  datasetRunId: null,
  ...row,
});

export const eventsRow = (row: Partial<EventRow> = {}): EventRow => ({
  ...shared,
  ...observation,
  id: "span-1",
  timestamp: "2026-11-28T10:00:03.000007Z",
  type: "GENERATION",
  timeToFirstTokenSeconds: 0.31,
  ...row,
});

export const oneOfEach = { traces: traceRow(), generations: generationRow(), scores: scoreRow(), events: eventsRow() };

export const analyticsContext = { projectId: "project-1", projectName: "Shop", baseUrl: "https://traces.example.com/" };
/** Two minutes after the rows. */
export const analyticsNowMs = Date.UTC(2026, 10, 28, 10, 2);
