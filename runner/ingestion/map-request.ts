/**
 * Ingestion, reading: turns the spans of a stored OpenTelemetry request into the events of their observations and traces. The same file
 * gives the same events. Memory: the text of the request, a few thousand spans, and the events.
 */
import type { ArrivedEvent } from "../../core/ingestion/arrange-batch.ts";
import { entityFolder, groupFileName } from "../../core/ingestion/blob-key.ts";
import type { EntityType, IngestionEvent } from "../../core/ingestion/event.ts";
import type { EventOrigin } from "../../core/ingestion/event-origin.ts";
import { parseEvent } from "../../core/ingestion/event-schema.ts";
import { mapSpansInPieces } from "../../core/otel/map-spans.ts";
import { openStoredTraces } from "../../core/otel/parse-json.ts";
import { type FoundSpan, tracesOf } from "../../core/otel/span-stream.ts";
import type { EventStore } from "../../services/ingestion/event-store.ts";
import { giveObservationIds, type ObservationIds } from "../../services/ingestion/observation-ids.ts";
import type { Log } from "../deps.ts";
import type { Turns } from "../turns.ts";

export type MapDeps = {
  store: Pick<EventStore, "db" | "sha256Hex">;
  prefix: string;
  segmentBytesMax: number;
  log: Log;
  turns: Turns;
};

/** `spans`: those of its text, if they are read already. */
export type StoredRequest = { projectId: string; fileKey: string; text: string; origin: EventOrigin; spans?: Iterable<FoundSpan> };

/** One trace or observation, as far as the request says it. `bytes`: UTF-16 units of its events, estimated for observations. */
export type SpanEntity = { entityType: EntityType; entityId: string; traceId: string; events: IngestionEvent[]; bytes: number };

export type MappedTrace = {
  traceId: string;
  /** By `spanEntityName`. */
  entities: Map<string, SpanEntity>;
  /** The events of the trace itself as they are stored in the log. */
  traceEvents: unknown[];
};

export type MappedRequest = { traces: Map<string, MappedTrace>; observationIds: Pick<ObservationIds, "logIds" | "reserved" | "known"> };

export const spanEntityName = ({ entityType, entityId }: Pick<SpanEntity, "entityType" | "entityId">): string =>
  `${entityType}/${entityId}`;

/** Spans per step. Older requests, stored before requests were split, may hold a hundred thousand. */
const spansAtOnce = 4000;

/** Some spans of a request as events, and the ids of their observations. */
type MappedStep = { events: ArrivedEvent[]; ids: ObservationIds };

/** Maps spans step by step. Logs those that cannot be mapped, and events that the schema refuses. */
export async function* mapInSteps(
  { store, prefix, segmentBytesMax, turns, log }: MapDeps,
  { projectId, fileKey, origin }: Pick<StoredRequest, "projectId" | "fileKey" | "origin">,
  spans: Iterable<FoundSpan>,
): AsyncGenerator<MappedStep, void> {
  for (const some of tracesOf(spans, spansAtOnce)) {
    const ids = await giveObservationIds(store, { projectId, prefix, segmentBytesMax }, some);
    const context = { ...origin, publicKey: origin.apiKey, nowMs: requestMs(fileKey), observationIdOf: ids.idOf };
    const { events: originals, rejected } = await turns.run(mapSpansInPieces(some, context));
    for (const { reason, count } of rejected) log("warn", "spans_rejected", { project_id: projectId, key: fileKey, reason, spans: count });
    const events: ArrivedEvent[] = [];
    for (const original of originals) {
      await turns.pause();
      const parsed = parseEvent(original, { isInternal: true });
      if (parsed.ok && parsed.event !== undefined) events.push({ event: parsed.event, original });
      else log("warn", "span_refused", { project_id: projectId, key: fileKey, detail: parsed.ok ? "sdk-log" : parsed.error });
    }
    yield { events, ids };
  }
}

/** Maps the spans of these traces only; a trace does not depend on others of its request. */
export const mapRequest = async (deps: MapDeps, request: StoredRequest, traceIds: ReadonlySet<string>): Promise<MappedRequest> => {
  const traces = new Map<string, MappedTrace>();
  const [logIds, known, reserved] = [new Map<string, string>(), new Set<string>(), new Map<string, ObservationIds["reserved"][number]>()];
  const found = request.spans ?? openStoredTraces(request.text).spans;
  for await (const { events, ids } of mapInSteps(deps, request, only(found, traceIds))) {
    for (const event of events) addEvent(deps, request, traces, event);
    for (const [id, logId] of ids.logIds) logIds.set(id, logId);
    for (const id of ids.known) known.add(id);
    for (const one of ids.reserved) reserved.set(one.entityId, one);
  }
  // A parent of one step may be a span of another.
  const isHere = ({ entityId, traceId }: { entityId: string; traceId: string | null }) =>
    traces.get(traceId ?? "")?.entities.has(spanEntityName({ entityType: "observation", entityId })) === true;
  return { traces, observationIds: { logIds, known, reserved: [...reserved.values()].filter((one) => !isHere(one)) } };
};

function* only(spans: Iterable<FoundSpan>, traceIds: ReadonlySet<string>): Generator<FoundSpan, void> {
  for (const found of spans) if (traceIds.has(found.span.traceId)) yield found;
}

const addEvent = (deps: MapDeps, request: StoredRequest, traces: Map<string, MappedTrace>, { event, original }: ArrivedEvent): void => {
  const traceId = event.entityType === "trace" ? event.entityId : (event.body.traceId ?? "");
  const trace = traces.get(traceId) ?? { traceId, entities: new Map<string, SpanEntity>(), traceEvents: [] };
  traces.set(traceId, trace);
  if (event.entityType === "trace") trace.traceEvents.push(original);
  const name = spanEntityName(event);
  const entity = trace.entities.get(name);
  const bytes = sizeOf(event);
  const ordered: IngestionEvent = { ...event, order: orderOf(deps, request, event) };
  if (entity !== undefined) {
    entity.events.push(ordered);
    entity.bytes += bytes;
  } else trace.entities.set(name, { entityType: event.entityType, entityId: event.entityId, traceId, events: [ordered], bytes });
};

/**
 * Orders events of one instant as if each were a file of its own, whatever requests they came in. Of a span that came twice, the later
 * request counts.
 */
export const orderOf = (
  { store, prefix, segmentBytesMax }: Pick<MapDeps, "prefix" | "segmentBytesMax"> & { store: Pick<EventStore, "sha256Hex"> },
  { projectId, fileKey }: Pick<StoredRequest, "projectId" | "fileKey">,
  { entityType, entityId, id }: Pick<IngestionEvent, "entityType" | "entityId" | "id">,
): string =>
  `${entityFolder({ prefix, projectId, entityType, entityId }, segmentBytesMax, store.sha256Hex)}${groupFileName([id], segmentBytesMax, store.sha256Hex)}#000000 ${fileKey}`;

/** The frame of an event: ids, times, names. */
const frameBytes = 600;

/** Counting the texts alone costs nothing; writing the event as JSON to count it would cost as much as the row. */
const sizeOf = ({ body }: IngestionEvent): number =>
  frameBytes + ("input" in body ? lengthOf(body.input) : 0) + ("output" in body ? lengthOf(body.output) : 0);

const lengthOf = (value: unknown): number => {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 4;
  let length = 2;
  for (const inner of Object.values(value)) length += lengthOf(inner) + 8;
  return length;
};

/** Returns when the request arrived, from its key, so that every attempt uses the same time. */
const requestMs = (fileKey: string): number => {
  const [, year, month, day, hour, minute] = /\/(\d{4})\/(\d\d)\/(\d\d)\/(\d\d)\/(\d\d)\/[^/]+$/.exec(fileKey) ?? [];
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute));
};
