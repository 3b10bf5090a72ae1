/** Ingestion events as the rest of the code sees them: parsed and transformed by `core/ingestion/event-schema.ts`. */

import type { ExactNumber } from "../exact-json.ts";

export const entityTypes = ["trace", "observation", "score", "dataset_run_item"] as const;
export type EntityType = (typeof entityTypes)[number];

export const observationTypes = [
  "SPAN",
  "EVENT",
  "GENERATION",
  "AGENT",
  "TOOL",
  "CHAIN",
  "RETRIEVER",
  "EVALUATOR",
  "EMBEDDING",
  "GUARDRAIL",
] as const;
export type ObservationType = (typeof observationTypes)[number];

const callTypes: ReadonlySet<string> = new Set<ObservationType>(["GENERATION", "EMBEDDING"]);

/** Whether an observation of this type is a call to a model. All others may repeat the texts and the usage of the calls below them. */
export const isModelCall = (type: string): boolean => callTypes.has(type);

/** Any JSON value. A number that a double would write differently is an ExactNumber. */
export type Json = string | number | ExactNumber | boolean | null | Json[] | { [key: string]: Json };

/**
 * An undefined field was not named by the event and changes nothing; null is a value and overwrites.
 * Instants are ISO 8601 UTC with microseconds, `2026-01-02T03:04:05.678901Z`.
 */
export type TraceBody = {
  timestamp?: string | null;
  name?: string | null;
  externalId?: string | null;
  input?: Json;
  output?: Json;
  sessionId?: string | null;
  userId?: string | null;
  environment?: string;
  metadata?: Json;
  release?: string | null;
  version?: string | null;
  public?: boolean | null;
  tags?: string[] | null;
  /** Ids of the observations of this trace that have a `rollUp`. Never read from public events. */
  rollUps?: string[];
  /**
   * Facts that only OpenTelemetry provides. Never read from public events. Present on every event made from a span; the fields above are
   * then those set for the trace itself.
   */
  otel?: TraceOtelBody;
};

export type TraceOtelBody = {
  /** Ids of the trace's spans in the same request, 16 hex digits each, concatenated. */
  spanIds?: string;
  /** `sessionId` is the framework's own conversation id. A session set explicitly on any span takes precedence. */
  isSessionInferred?: boolean;
  /** The event's `userId` is known only by a pseudonym or a parameter of a model's request. */
  isUserInferred?: boolean;
  candidate?: RootCandidate;
};

/** A span that names its trace if it turns out to be the root. Its start is the timestamp of its event. */
export type RootCandidate = {
  spanId: string;
  parentSpanId?: string;
  /** Id of the span's observation. */
  observationId: string;
  /** What marks it as a root: of its application or of its trace. Absent: only that no span above it is known. */
  marker?: "app-root" | "root";
  name: string;
  version?: string;
  release?: string;
  environment: string;
  /** Absent: read it from the observation. */
  content?: RootContent;
};

export type RootContent = { input?: Json; output?: Json; metadata?: Json };

export type ObservationBody = {
  /** From the event type or a legacy body. Absent: an update that does not name it. */
  type?: ObservationType;
  traceId?: string | null;
  environment?: string;
  name?: string | null;
  startTime?: string | null;
  endTime?: string | null;
  completionStartTime?: string | null;
  metadata?: Json;
  input?: Json;
  output?: Json;
  level?: "DEBUG" | "DEFAULT" | "WARNING" | "ERROR" | null;
  statusMessage?: string | null;
  parentObservationId?: string | null;
  version?: string | null;
  model?: string | null;
  modelParameters?: Record<string, Json> | null;
  /** Kind to whole number ≥ 0, from `usage` and `usageDetails`; null clears. */
  usageDetails?: Record<string, number> | null;
  /** Kind to USD ≥ 0, from `usage` and `costDetails`; null clears. Decimal text, so that no digit is lost. */
  costDetails?: Record<string, string> | null;
  promptName?: string | null;
  promptVersion?: number | null;
  /** Facts that only OpenTelemetry provides. Never read from public events. */
  otel?: OtelBody;
};

/** Totals that an observation, such as an agent run, reports for itself and everything below it. */
type RollUp = {
  model?: string;
  requestModel?: string;
  usageDetails?: Record<string, number>;
  costDetails?: Record<string, string>;
};

export type OtelBody = {
  source?: string;
  /** The span's id, even where the observation's id differs. */
  spanId?: string;
  serviceName?: string;
  serviceVersion?: string;
  scopeName?: string;
  scopeVersion?: string;
  telemetrySdkLanguage?: string;
  telemetrySdkName?: string;
  telemetrySdkVersion?: string;
  isAppRoot?: boolean;
  /** The requested model, where the response names another. Azure and proxies answer with names of their own. */
  requestModel?: string;
  /** Name to JSON schema text. */
  toolDefinitions?: Record<string, string>;
  /** One JSON text per call, in order; parallel to `toolCallNames`. */
  toolCalls?: string[];
  toolCallNames?: string[];
  release?: string;
  /** Counts only if nothing below the observation has usage or cost. */
  rollUp?: RollUp;
  experiment?: {
    id?: string;
    name?: string;
    metadata?: Json;
    description?: string;
    datasetId?: string;
    itemId?: string;
    itemVersion?: string;
    itemMetadata?: Json;
    itemRootObservationId?: string;
    itemExpectedOutput?: string;
  };
};

export type ScoreBody = {
  name: string;
  traceId?: string | null;
  sessionId?: string | null;
  datasetRunId?: string | null;
  observationId?: string | null;
  environment?: string;
  comment?: string | null;
  metadata?: Json;
  source: "API" | "EVAL" | "ANNOTATION";
  executionTraceId?: string | null;
  queueId?: string | null;
  configId?: string | null;
  dataType: "NUMERIC" | "CATEGORICAL" | "BOOLEAN" | "TEXT" | "CORRECTION";
  /** A number for NUMERIC and BOOLEAN (0 or 1), else text. */
  value: number | string;
};

export type DatasetRunItemBody = {
  traceId: string;
  observationId?: string | null;
  error?: string | null;
  createdAt?: string | null;
  datasetId: string;
  runId: string;
  datasetItemId: string;
  datasetVersion?: string | null;
};

type Envelope<Entity extends EntityType, Body> = {
  /** Id of the event itself, not of the entity. */
  id: string;
  /** ISO 8601 UTC with microseconds. */
  timestamp: string;
  /** The type as sent, such as `generation-update`. */
  type: string;
  isUpdate: boolean;
  /** Breaks ties between events with the same time: the file, then the position in it. Absent: the event id decides. */
  order?: string;
  entityType: Entity;
  /** `body.id`, or the event's id where the body has none. */
  entityId: string;
  body: Body;
};

export type TraceEvent = Envelope<"trace", TraceBody>;
export type ObservationEvent = Envelope<"observation", ObservationBody>;
export type ScoreEvent = Envelope<"score", ScoreBody>;
export type DatasetRunItemEvent = Envelope<"dataset_run_item", DatasetRunItemBody>;
export type IngestionEvent = TraceEvent | ObservationEvent | ScoreEvent | DatasetRunItemEvent;
