/**
 * Ingestion, reading: the OpenTelemetry requests of a batch. `open` maps the traces that jobs name and records them in the log; `eventsOf`
 * finds the events of one entity in any recorded request. Memory: what was opened since `forget`, and one request text beside it.
 */

import type { EntityType, IngestionEvent } from "../../core/ingestion/event.ts";
import type { EventOrigin } from "../../core/ingestion/event-origin.ts";
import { isInSample, type SampledProjects } from "../../core/ingestion/sampling.ts";
import { readEventFile } from "../../db/event-store/event-file.ts";
import type { S3Client } from "../../db/object-store/s3-client.ts";
import { untilNoneIsTaken } from "../../services/ingestion/observation-ids.ts";
import { recordSpans } from "../../services/ingestion/record-spans.ts";
import { type MapDeps, type MappedTrace, mapRequest, type SpanEntity, type StoredRequest, spanEntityName } from "./map-request.ts";

export type SpanRequestDeps = Omit<MapDeps, "store"> & {
  store: MapDeps["store"] & { s3: S3Client };
  sampling: SampledProjects;
  signal: AbortSignal;
  onSampled: (counts: { eventsIn: number; eventsOut: number }) => void;
};

type TraceOfRequest = { projectId: string; fileKey: string; traceId: string };

export type SpanRequests = ReturnType<typeof createSpanRequests>;

/** What a request says of an entity. */
export type SpanEvents = { events: readonly IngestionEvent[]; bytes: number; origin: EventOrigin };

/** `isNew`: the log had nothing of the entity before, so the request is its only file. */
export type OpenedEntity = SpanEntity & { isNew: boolean };

/** Traces kept that no job of the batch opened. */
const readTracesMax = 200;

export const createSpanRequests = (deps: SpanRequestDeps) => {
  const opened = new Map<string, Promise<{ trace: MappedTrace | undefined; origin: EventOrigin } | undefined>>();
  let others: string[] = [];
  let lastText: { fileKey: string; found: ReturnType<typeof readEventFile> } | undefined;
  const nameOf = ({ projectId, fileKey, traceId }: TraceOfRequest) => JSON.stringify([projectId, fileKey, traceId]);
  const textOf = (fileKey: string): ReturnType<typeof readEventFile> => {
    if (lastText?.fileKey !== fileKey) lastText = { fileKey, found: readEventFile(deps.store.s3, fileKey, deps.signal) };
    return lastText.found;
  };
  const readTrace = async (of: TraceOfRequest) => {
    const file = await textOf(of.fileKey);
    if (file === undefined) return undefined;
    const mapped = await mapRequest(deps, { ...of, ...file }, new Set([of.traceId]));
    return { trace: mapped.traces.get(of.traceId), origin: file.origin };
  };

  return {
    /**
     * Returns undefined if the request is gone: it was deleted, and what is left of it is logged under other requests. Throws if it cannot
     * be read or recorded; then nothing of it is recorded.
     */
    open: async ({
      projectId,
      fileKey,
      traceIds,
      origin: sender,
    }: Omit<TraceOfRequest, "traceId"> & { traceIds: readonly string[]; origin: EventOrigin | undefined }): Promise<
      { entities: OpenedEntity[]; characters: number } | undefined
    > => {
      const file = await readEventFile(deps.store.s3, fileKey, deps.signal);
      if (file === undefined) return undefined;
      const request: StoredRequest = { projectId, fileKey, text: file.text, origin: sender ?? file.origin };
      const { traces, known } = await mapAndRecord(deps, request, traceIds);
      for (const traceId of traceIds)
        opened.set(nameOf({ projectId, fileKey, traceId }), Promise.resolve({ trace: traces.get(traceId), origin: request.origin }));
      const entities = [...traces.values()].flatMap((trace) => [...trace.entities.values()]);
      return {
        entities: entities.map((one) => ({ ...one, isNew: one.entityType === "observation" && !known.has(one.entityId) })),
        characters: file.text.length,
      };
    },
    /** Returns undefined if the request is gone. Without spans of the entity, there are no events. */
    eventsOf: async ({
      entityType,
      entityId,
      ...of
    }: TraceOfRequest & { entityType: EntityType; entityId: string }): Promise<SpanEvents | undefined> => {
      const name = nameOf(of);
      let trace = opened.get(name);
      if (trace === undefined) {
        trace = readTrace(of);
        opened.set(name, trace);
        others.push(name);
        if (others.length > readTracesMax) opened.delete(others.shift() ?? "");
        // Read again by whoever asks next.
        trace.catch(() => opened.delete(name));
      }
      const found = await trace;
      const entity = found?.trace?.entities.get(spanEntityName({ entityType, entityId }));
      return found && { events: entity?.events ?? [], bytes: entity?.bytes ?? 0, origin: found.origin };
    },
    /** Drops everything that was opened and read. */
    forget: (): void => {
      opened.clear();
      others = [];
      lastText = undefined;
    },
  };
};

/** An id that another trace got meanwhile is looked up again, and the spans are mapped with the one they get then. */
const mapAndRecord = async (deps: SpanRequestDeps, request: StoredRequest, traceIds: readonly string[]) => {
  const { projectId, fileKey } = request;
  const isIn = (traceId: string) => isInSample({ projectId, traceId }, deps.sampling, deps.store.sha256Hex);
  const counts = { eventsIn: 0, eventsOut: 0 };
  const attempt = untilNoneIsTaken(async () => {
    const { traces: all, observationIds } = await mapRequest(deps, request, new Set(traceIds));
    const traces = new Map([...all].filter(([traceId]) => isIn(traceId)));
    const entities = [...traces.values()].flatMap((trace) => [...trace.entities.values()]);
    await recordSpans(deps.store, {
      projectId,
      fileKey,
      observations: entities.flatMap(({ entityType, entityId, traceId, events: [first] }) =>
        entityType === "observation" && first !== undefined ? [{ entityId, traceId, eventId: first.id }] : [],
      ),
      observationIds: { ...observationIds, reserved: observationIds.reserved.filter(({ traceId }) => traces.has(traceId ?? "")) },
      traceEvents: new Map([...traces].map(([traceId, { traceEvents }]) => [traceId, JSON.stringify(traceEvents)])),
    });
    for (const [traceId, trace] of all)
      for (const { events } of trace.entities.values()) counts[isIn(traceId) ? "eventsIn" : "eventsOut"] += events.length;
    return { traces, known: observationIds.known };
  });
  const mapped = await attempt(undefined);
  if (deps.sampling.has(projectId)) deps.onSampled(counts);
  return mapped;
};
