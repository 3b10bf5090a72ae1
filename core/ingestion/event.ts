/** Ingestion events as the rest of the code sees them: parsed, with every transform done. `core/ingestion/event-schema.ts` makes them from what SDKs send. */

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

/** Any JSON value. Numbers that a double would spell otherwise are exact ones. */
export type Json = string | number | ExactNumber | boolean | null | Json[] | { [key: string]: Json };

/**
 * A field that is absent (undefined) was not named by the event and changes nothing; null is a value and overwrites.
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
  /** Ids of the observations of this trace that have a `rollUp`; never taken from public events. */
  rollUps?: string[];
  /** What only OpenTelemetry tells; never taken from public events. Present on every event made of a span: the fields above are then what was said of the trace itself. */
  otel?: TraceOtelBody;
};

export type TraceOtelBody = {
  /** Ids of spans of the trace that came in the same request, 16 hexadecimal digits each, one behind the other. */
  spanIds?: string;
  /** `sessionId` is what a framework knows of its conversation: one that was set by hand on any span counts before it. */
  isSessionInferred?: boolean;
  candidate?: RootCandidate;
};

/** A span after which its trace is named should it turn out to be the root. It began at the time of its event. */
export type RootCandidate = {
  spanId: string;
  parentSpanId?: string;
  /** The id of its observation. */
  observationId: string;
  /** What says that it is a root: of its application, or of its trace. Absent: nothing but that no span above it is known. */
  marker?: "app-root" | "root";
  name: string;
  version?: string;
  release?: string;
  environment: string;
  /** Absent: that of its observation, to be read from there. */
  content?: RootContent;
};

export type RootContent = { input?: Json; output?: Json; metadata?: Json };

export type ObservationBody = {
  /** From the type of the event, or of a legacy body. Absent: an update that does not say. */
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
  /** Kind to USD ≥ 0, from `usage` and `costDetails`; null clears. Decimal text, so that nothing is lost. */
  costDetails?: Record<string, string> | null;
  promptName?: string | null;
  promptVersion?: number | null;
  /** What only OpenTelemetry tells; never taken from public events. */
  otel?: OtelBody;
};

/** What an observation says of itself and of all below it together, such as a run of an agent. */
export type RollUp = {
  model?: string;
  requestModel?: string;
  usageDetails?: Record<string, number>;
  costDetails?: Record<string, string>;
};

export type OtelBody = {
  source?: string;
  /** Whatever id the observation has. */
  spanId?: string;
  serviceName?: string;
  serviceVersion?: string;
  scopeName?: string;
  scopeVersion?: string;
  telemetrySdkLanguage?: string;
  telemetrySdkName?: string;
  telemetrySdkVersion?: string;
  isAppRoot?: boolean;
  /** The model that was asked for, where another name answered: Azure and proxies answer with names of their own. */
  requestModel?: string;
  /** Name to JSON schema text. */
  toolDefinitions?: Record<string, string>;
  /** One JSON text a call, in order; `toolCallNames` beside it. */
  toolCalls?: string[];
  toolCallNames?: string[];
  release?: string;
  /** Counts only where nothing below the observation has usage or cost. */
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
  /** NUMERIC and BOOLEAN (0 or 1) as a number; the others as text. */
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
  /** Of the event itself, not of the entity. */
  id: string;
  /** ISO 8601 UTC with microseconds. */
  timestamp: string;
  /** As it was sent, such as `generation-update`. */
  type: string;
  isUpdate: boolean;
  /** Where it stands among events of the same instant: its file, then its place there. Absent: by its id. */
  order?: string;
  entityType: Entity;
  /** `body.id`; made from the event's id where the body has none. */
  entityId: string;
  body: Body;
};

export type TraceEvent = Envelope<"trace", TraceBody>;
export type ObservationEvent = Envelope<"observation", ObservationBody>;
export type ScoreEvent = Envelope<"score", ScoreBody>;
export type DatasetRunItemEvent = Envelope<"dataset_run_item", DatasetRunItemBody>;
export type IngestionEvent = TraceEvent | ObservationEvent | ScoreEvent | DatasetRunItemEvent;
