/**
 * Ingestion, reading: traces of requests that are recorded and have no job in the batch, for entities that are merged again. A request has
 * up to 4 MiB (16, if it is old), whatever little an entity needs of it. Memory: the spans of `requestsAtOnce` requests, as many under way,
 * and mapped traces of `heldCharactersMax`.
 */

import type { EventOrigin } from "../../core/ingestion/event-origin.ts";
import { limitConcurrency } from "../../core/limit-concurrency.ts";
import { openStoredTraces } from "../../core/otel/parse-json.ts";
import type { FoundSpan } from "../../core/otel/span-stream.ts";
import type { Pieces } from "../../core/pieces.ts";
import { readEventFile } from "../../db/event-store/event-file.ts";
import type { S3Client } from "../../db/object-store/s3-client.ts";
import { type MapDeps, type MappedTrace, mapRequest } from "./map-request.ts";

export type TraceOfRequest = { projectId: string; fileKey: string; traceId: string };

export type RecordedTrace = { trace: MappedTrace | undefined; origin: EventOrigin };

export type RecordedTracesDeps = Omit<MapDeps, "store"> & {
  store: MapDeps["store"] & { s3: S3Client };
  signal: AbortSignal;
  /** Called for each request that is read, with the length of its text in UTF-16 units. */
  onRead: (projectId: string, characters: number) => void;
};

const requestsAtOnce = 3;
const heldCharactersMax = 16_000_000;
/** What holding a trace costs besides its events. */
const traceCharacters = 1000;

type Request = { spans: Map<string, FoundSpan[]>; text: string; origin: EventOrigin };

export const createRecordedTraces = (deps: RecordedTracesDeps) => {
  const held = new Map<string, { found: Promise<RecordedTrace | undefined>; characters: number }>();
  const recent = new Map<string, Promise<Request | undefined>>();
  const inTurn = limitConcurrency(requestsAtOnce);

  const read = async ({ projectId, fileKey }: TraceOfRequest): Promise<Request | undefined> => {
    const file = await readEventFile(deps.store.s3, fileKey, deps.signal);
    if (file === undefined) return undefined;
    deps.onRead(projectId, file.text.length);
    return { ...file, spans: await deps.turns.run(spansByTrace(file.text)) };
  };
  const requestOf = (of: TraceOfRequest): Promise<Request | undefined> => {
    const name = JSON.stringify([of.projectId, of.fileKey]);
    const request = recent.get(name) ?? read(of);
    // Used last, kept longest.
    recent.delete(name);
    recent.set(name, request);
    if (recent.size > requestsAtOnce) recent.delete(recent.keys().next().value ?? "");
    request.catch(() => recent.delete(name));
    return request;
  };
  const map = async (of: TraceOfRequest): Promise<RecordedTrace | undefined> => {
    const request = await requestOf(of);
    if (request === undefined) return undefined;
    const spans = request.spans.get(of.traceId) ?? [];
    const { traces } = await mapRequest(deps, { ...of, ...request, spans }, new Set([of.traceId]));
    return { trace: traces.get(of.traceId), origin: request.origin };
  };
  const makeRoom = (): void => {
    let characters = 0;
    for (const one of held.values()) characters += one.characters;
    for (const [name, one] of held) {
      if (characters <= heldCharactersMax) return;
      held.delete(name);
      characters -= one.characters;
    }
  };

  return {
    /** Returns undefined if the request is gone. */
    traceOf: (of: TraceOfRequest): Promise<RecordedTrace | undefined> => {
      const name = JSON.stringify([of.projectId, of.fileKey, of.traceId]);
      const known = held.get(name);
      if (known !== undefined) return known.found;
      const one = { found: inTurn(() => map(of)), characters: traceCharacters };
      held.set(name, one);
      one.found.then(
        (found) => {
          for (const { bytes } of found?.trace?.entities.values() ?? []) one.characters += bytes;
          makeRoom();
        },
        // Read again by whoever asks next.
        () => held.delete(name),
      );
      return one.found;
    },
    forget: (): void => {
      held.clear();
      recent.clear();
    },
  };
};

function* spansByTrace(text: string): Pieces<Map<string, FoundSpan[]>> {
  const byTrace = new Map<string, FoundSpan[]>();
  for (const found of openStoredTraces(text).spans) {
    const own = byTrace.get(found.span.traceId);
    if (own === undefined) byTrace.set(found.span.traceId, [found]);
    else own.push(found);
    yield;
  }
  return byTrace;
}
