/** Registry of event types: each entry says which entity the event writes, whether it is an update, and how its body is parsed. */
import { z } from "zod";
import { datasetRunItemSchema, legacyObservationSchema, observationSchema, traceSchema } from "./body-schemas.ts";
import type { DatasetRunItemEvent, IngestionEvent, ObservationEvent, ObservationType, ScoreEvent, TraceEvent } from "./event.ts";
import { JsonValue } from "./fields.ts";
import { scoreSchema } from "./score-schema.ts";

/** What the body of an event says; `id` if it names its entity. */
type Said<Event extends IngestionEvent> = Pick<Event, "entityType" | "body"> & { id: string | null | undefined };
type Schema = z.ZodType<Said<TraceEvent> | Said<ObservationEvent> | Said<ScoreEvent> | Said<DatasetRunItemEvent>>;
/** Schemas are built once per audience. The public one knows no internal fields. */
type EventType = { isUpdate: boolean; isInternalOnly: boolean; publicBody: Schema; internalBody: Schema };

const entry = (schemaFor: (options: { isInternal: boolean }) => Schema, options: Partial<EventType> = {}): EventType => ({
  isUpdate: false,
  isInternalOnly: false,
  publicBody: schemaFor({ isInternal: false }),
  internalBody: schemaFor({ isInternal: true }),
  ...options,
});

const update = { isUpdate: true };

const observation = (type: ObservationType, depth: "event" | "span" | "generation", options?: Partial<EventType>): EventType =>
  entry(
    (audience) => observationSchema(type, depth, audience).transform((said) => ({ entityType: "observation" as const, ...said })),
    options,
  );

const legacyObservation = (options?: Partial<EventType>): EventType =>
  entry(() => legacyObservationSchema().transform((said) => ({ entityType: "observation" as const, ...said })), options);

export const eventTypes = {
  "trace-create": entry((audience) => traceSchema(audience).transform((said) => ({ entityType: "trace" as const, ...said }))),
  "event-create": observation("EVENT", "event"),
  "span-create": observation("SPAN", "span"),
  "span-update": observation("SPAN", "span", update),
  "generation-create": observation("GENERATION", "generation"),
  "generation-update": observation("GENERATION", "generation", update),
  "agent-create": observation("AGENT", "generation"),
  "tool-create": observation("TOOL", "generation"),
  "chain-create": observation("CHAIN", "generation"),
  "retriever-create": observation("RETRIEVER", "generation"),
  "evaluator-create": observation("EVALUATOR", "generation"),
  "embedding-create": observation("EMBEDDING", "generation"),
  "guardrail-create": observation("GUARDRAIL", "generation"),
  "score-create": entry((audience) => scoreSchema(audience).transform((said) => ({ entityType: "score" as const, ...said }))),
  "dataset-run-item-create": entry(
    () => datasetRunItemSchema().transform((said) => ({ entityType: "dataset_run_item" as const, ...said })),
    { isInternalOnly: true },
  ),
  "observation-create": legacyObservation(),
  "observation-update": legacyObservation(update),
} as const satisfies Record<string, EventType>;

type EventTypeName = keyof typeof eventTypes;

export const isEventType = (name: string): name is EventTypeName => Object.hasOwn(eventTypes, name);

/** Not an ingestion event: it writes nothing. */
export const sdkLogType = "sdk-log";
export const SdkLogBody = z.object({ log: JsonValue }).refine((body) => body.log !== undefined, { path: ["log"], message: "is missing" });
