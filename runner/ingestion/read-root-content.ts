/**
 * Ingestion, reading: loads the content of the span a trace is named after if no span is marked as root. Events of the trace do not carry
 * it: almost every span of a long trace is the topmost for a moment, until its parent ends.
 */
import { forEachConcurrent } from "../../core/for-each-concurrent.ts";
import { entityFolder, groupFileName, isOtelKey } from "../../core/ingestion/blob-key.ts";
import type { IngestionEvent, RootContent, TraceEvent } from "../../core/ingestion/event.ts";
import { compareEvents } from "../../core/ingestion/merge/order-events.ts";
import { readTrace } from "../../core/ingestion/merge/trace-root.ts";
import { eventIdOfSpan } from "../../core/otel/map-spans.ts";
import { readEventFile } from "../../db/event-store/event-file.ts";
import { entityName } from "../../db/event-store/logged-objects.ts";
import { portionCharactersMax, readingWork } from "./project-budget.ts";
import { parseFile } from "./read-entities.ts";
import type { Entity, ReadDeps } from "./read-slice.ts";

/** Objects read at once. Their content may exceed the bound of a portion. */
const readsMax = 8;

type RootPortion = {
  /** Entities to merge now, with the content of their roots. */
  entities: Entity[];
  /** Throws if the content could not be read. Returns undefined if the trace needs none or its span was deleted. */
  contentOf: (entity: Entity) => RootContent | undefined;
  /** Not started because the portion is full. */
  rest: Entity[];
  /** Not started because their project has used up its share of this batch. */
  deferred: Entity[];
};

export type RootDeps = ReadDeps & {
  /** Projects that have had a root read in this batch. The first is read regardless of the budget, so that all work is done in the end. */
  begunProjects: Set<string>;
};

/** Maps `entityName` to the events that were read with the slice. */
export const eventsByName = (entities: readonly Entity[]): ReadonlyMap<string, readonly IngestionEvent[]> =>
  new Map(entities.map((entity) => [entityName(entity), entity.events]));

/**
 * Returns the next entities until the content of their roots fills a portion. An observation already read (`beside`) is not read again; any
 * other takes one object, recorded before any event of the trace could name it. Memory: `portionCharactersMax` and the objects being read.
 */
export const readRootPortion = async (
  deps: RootDeps,
  entities: readonly Entity[],
  beside: ReadonlyMap<string, readonly IngestionEvent[]>,
): Promise<RootPortion> => {
  const contents = new Map<Entity, RootContent | undefined>();
  const failures = new Map<Entity, unknown>();
  const [begunEntities, rest, deferred]: [Entity[], Entity[], Entity[]] = [[], [], []];
  let [characters, begun, ended] = [0, 0, 0];
  await forEachConcurrent(entities, readsMax, async (entity) => {
    if (characters > 0 && (characters * begun) / Math.max(1, ended) >= portionCharactersMax) return void rest.push(entity);
    const wanted = entity.entityType === "trace" ? wantedRoot(deps, entity, beside) : undefined;
    if (wanted?.key !== undefined) {
      if (deps.begunProjects.has(entity.projectId) && deps.budget.isSpent(entity.projectId, readingWork)) return void deferred.push(entity);
      deps.begunProjects.add(entity.projectId);
    }
    begunEntities.push(entity);
    if (wanted === undefined) return;
    try {
      if (wanted.key === undefined) contents.set(entity, contentIn(wanted.found));
      else {
        begun++;
        const file = await readRoot(deps, wanted);
        deps.budget.spend(entity.projectId, { files: 1, characters: file?.bytes ?? 0 });
        characters += file?.bytes ?? 0;
        ended++;
        contents.set(entity, file && contentIn(wanted.ofSpan(file.events)));
      }
    } catch (error) {
      deps.signal.throwIfAborted();
      failures.set(entity, error);
    }
  });
  const contentOf = (entity: Entity) => {
    if (failures.has(entity)) throw failures.get(entity);
    return contents.get(entity);
  };
  return { entities: begunEntities, contentOf, rest, deferred };
};

type WantedRoot = {
  observation: { projectId: string; entityType: "observation"; entityId: string };
  /** Events of the span that are already read. */
  found: readonly IngestionEvent[];
  /** Key of the file of events that an older version stored, if none are read yet. */
  key: string | undefined;
  ofSpan: (events: readonly IngestionEvent[]) => IngestionEvent[];
};

/** Returns undefined if the events of the trace already contain the content. */
const wantedRoot = (
  { prefix, segmentBytesMax, sha256Hex }: RootDeps,
  { projectId, entityId: traceId, events }: Entity,
  beside: ReadonlyMap<string, readonly IngestionEvent[]>,
): WantedRoot | undefined => {
  const { root } = readTrace(events.filter((event): event is TraceEvent => event.entityType === "trace"));
  if (root === undefined || root.content !== undefined) return undefined;
  const observation = { projectId, entityType: "observation" as const, entityId: root.observationId };
  const eventId = eventIdOfSpan({ traceId, spanId: root.spanId });
  const ofSpan = (given: readonly IngestionEvent[]) => given.filter(({ id }) => id === eventId);
  const found = ofSpan(beside.get(entityName(observation)) ?? []);
  const folder = entityFolder({ prefix, ...observation }, segmentBytesMax, sha256Hex);
  return {
    observation,
    found,
    ofSpan,
    key: found.length > 0 ? undefined : `${folder}${groupFileName([eventId], segmentBytesMax, sha256Hex)}`,
  };
};

/** Reads the request that the log names for the observation, else the file of its event alone. */
const readRoot = async (
  deps: RootDeps,
  { observation, key = "" }: WantedRoot,
): Promise<{ events: readonly IngestionEvent[]; bytes: number } | undefined> => {
  const request = (await deps.listLogged([observation]))(observation).files.find((file) => isOtelKey(file.key));
  const read = request && (await deps.requests.eventsOf({ ...observation, fileKey: request.key, traceId: request.traceId ?? "" }));
  if (read !== undefined) return read;
  const file = await readEventFile(deps.s3, key, deps.signal);
  return file && { events: parseFile(deps, key, file.text), bytes: file.text.length };
};

const contentIn = (found: readonly IngestionEvent[]): RootContent | undefined => {
  const last = found.toSorted(compareEvents).at(-1);
  if (last?.entityType !== "observation") return undefined;
  const { input, output, metadata } = last.body;
  return {
    ...(input === undefined ? {} : { input }),
    ...(output === undefined ? {} : { output }),
    ...(metadata === undefined ? {} : { metadata }),
  };
};
