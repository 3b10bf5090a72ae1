/**
 * Ingestion, reading: the OpenTelemetry requests of a batch. `open` maps the traces that jobs name and records them in the log; `eventsOf`
 * finds the events of one entity in any recorded request. Memory: what was opened since `forget`, and what `createRecordedTraces` holds.
 */

import type { EntityType, IngestionEvent } from "../../core/ingestion/event.ts";
import type { EventOrigin } from "../../core/ingestion/event-origin.ts";
import { isInSample, type SampledProjects } from "../../core/ingestion/sampling.ts";
import { readEventFile } from "../../db/event-store/event-file.ts";
import { untilNoneIsTaken } from "../../services/ingestion/observation-ids.ts";
import { recordSpans } from "../../services/ingestion/record-spans.ts";
import { mapRequest, type SpanEntity, type StoredRequest, spanEntityName } from "./map-request.ts";
import { createRecordedTraces, type RecordedTrace, type RecordedTracesDeps, type TraceOfRequest } from "./recorded-traces.ts";

export type SpanRequestDeps = RecordedTracesDeps & {
  sampling: SampledProjects;
  onSampled: (counts: { eventsIn: number; eventsOut: number }) => void;
};

export type SpanRequests = ReturnType<typeof createSpanRequests>;

/** What a request says of an entity. */
export type SpanEvents = { events: readonly IngestionEvent[]; bytes: number; origin: EventOrigin };

/** `isNew`: the log had nothing of the entity before, so the request is its only file. */
export type OpenedEntity = SpanEntity & { isNew: boolean };

export const createSpanRequests = (deps: SpanRequestDeps) => {
  const opened = new Map<string, RecordedTrace>();
  const recorded = createRecordedTraces(deps);
  const nameOf = ({ projectId, fileKey, traceId }: TraceOfRequest) => JSON.stringify([projectId, fileKey, traceId]);

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
        opened.set(nameOf({ projectId, fileKey, traceId }), { trace: traces.get(traceId), origin: request.origin });
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
      const found = opened.get(nameOf(of)) ?? (await recorded.traceOf(of));
      const entity = found?.trace?.entities.get(spanEntityName({ entityType, entityId }));
      return found && { events: entity?.events ?? [], bytes: entity?.bytes ?? 0, origin: found.origin };
    },
    /** Drops everything that was opened and read. */
    forget: (): void => {
      opened.clear();
      recorded.forget();
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
    const deleted = await recordSpans(deps.store, {
      projectId,
      fileKey,
      observations: entities.flatMap(({ entityType, entityId, traceId, events: [first] }) =>
        entityType === "observation" && first !== undefined ? [{ entityId, traceId, eventId: first.id }] : [],
      ),
      observationIds: { ...observationIds, reserved: observationIds.reserved.filter(({ traceId }) => traces.has(traceId ?? "")) },
      traceEvents: new Map([...traces].map(([traceId, { traceEvents }]) => [traceId, JSON.stringify(traceEvents)])),
    });
    for (const traceId of deleted) traces.delete(traceId);
    for (const [traceId, trace] of all)
      for (const { events } of trace.entities.values()) counts[isIn(traceId) ? "eventsIn" : "eventsOut"] += events.length;
    return { traces, known: observationIds.known };
  });
  const mapped = await attempt(undefined);
  if (deps.sampling.has(projectId)) deps.onSampled(counts);
  return mapped;
};
