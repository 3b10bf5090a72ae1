/**
 * Ingestion, reading: the content of the span a trace is named after for want of a marked one. The events of the trace do not carry it: nearly every span of a long trace
 * stands highest for a moment, until the one above it has ended.
 */
import { forEachConcurrent } from "../../core/for-each-concurrent.ts";
import { entityFolder, groupFileName } from "../../core/ingestion/blob-key.ts";
import type { IngestionEvent, RootContent, TraceEvent } from "../../core/ingestion/event.ts";
import { compareEvents } from "../../core/ingestion/merge/order-events.ts";
import { readTrace } from "../../core/ingestion/merge/trace-root.ts";
import { eventIdOfSpan } from "../../core/otel/map-spans.ts";
import { readEventFile } from "../../db/event-store/event-file.ts";
import { entityName } from "../../db/event-store/logged-objects.ts";
import { type Entity, parseFile, type ReadDeps } from "./read-entities.ts";

/** Objects read at once. */
const readsMax = 24;

/**
 * For every trace among the entities. What is answered throws where the content of that one could not be read; it is undefined where the trace needs none, or its span was deleted.
 * An observation that was read with the others is not read again; else it takes one object, which was stored before any event of the trace could name it.
 */
export const readRootContents = async (
  deps: Omit<ReadDeps, "listLogged">,
  entities: readonly Entity[],
): Promise<(entity: Entity) => RootContent | undefined> => {
  const beside = new Map(entities.map((entity) => [entityName(entity), entity.events]));
  const contents = new Map<Entity, RootContent | undefined>();
  const failures = new Map<Entity, unknown>();
  const traces = entities.filter(({ entityType }) => entityType === "trace");
  await forEachConcurrent(traces, readsMax, async (trace) => {
    try {
      contents.set(trace, await readRootContent(deps, trace, beside));
    } catch (error) {
      deps.signal.throwIfAborted();
      failures.set(trace, error);
    }
  });
  return (entity) => {
    if (failures.has(entity)) throw failures.get(entity);
    return contents.get(entity);
  };
};

const readRootContent = async (
  deps: Omit<ReadDeps, "listLogged">,
  { projectId, entityId: traceId, events }: Entity,
  beside: ReadonlyMap<string, readonly IngestionEvent[]>,
): Promise<RootContent | undefined> => {
  const { root } = readTrace(events.filter((event): event is TraceEvent => event.entityType === "trace"));
  if (root === undefined || root.content !== undefined) return undefined;
  const observation = { projectId, entityType: "observation" as const, entityId: root.observationId };
  const eventId = eventIdOfSpan({ traceId, spanId: root.spanId });
  const ofSpan = (found: readonly IngestionEvent[]) => found.filter(({ id }) => id === eventId);
  let found = ofSpan(beside.get(entityName(observation)) ?? []);
  if (found.length === 0) {
    const { prefix, segmentBytesMax, sha256Hex } = deps;
    const key = `${entityFolder({ prefix, ...observation }, segmentBytesMax, sha256Hex)}${groupFileName([eventId], segmentBytesMax, sha256Hex)}`;
    const file = await readEventFile(deps.s3, key, deps.signal);
    found = file === undefined ? [] : ofSpan(parseFile(deps, key, file.text));
  }
  const last = found.toSorted(compareEvents).at(-1);
  if (last?.entityType !== "observation") return undefined;
  const { input, output, metadata } = last.body;
  return {
    ...(input === undefined ? {} : { input }),
    ...(output === undefined ? {} : { output }),
    ...(metadata === undefined ? {} : { metadata }),
  };
};
