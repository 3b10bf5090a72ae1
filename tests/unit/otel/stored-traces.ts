/** Requests of spans, mapped, grouped and stored as the runner does it, but in memory; and what traces become of them. */
import { createHash } from "node:crypto";
import { arrangeBatch } from "../../../core/ingestion/arrange-batch.ts";
import type { IngestionEvent } from "../../../core/ingestion/event.ts";
import { parseEvent } from "../../../core/ingestion/event-schema.ts";
import { mergeTrace } from "../../../core/ingestion/merge/merge-trace.ts";
import { readTrace } from "../../../core/ingestion/merge/trace-root.ts";
import type { TraceRow } from "../../../core/ingestion/rows.ts";
import { mapSpans } from "../../../core/otel/map-spans.ts";
import { parseTracesJson } from "../../../core/otel/parse-json.ts";
import { nowMs } from "./mapped-spans.ts";

const sha256Hex = (text: string) => createHash("sha256").update(text).digest("hex");
const projectId = "p";
const instant = "2026-11-28T00:00:00.000000Z";

type Files = Map<string, string>;

const read = (text: string, key: string): IngestionEvent[] =>
  (JSON.parse(text) as unknown[]).flatMap((item, place) => {
    const parsed = parseEvent(item, { isInternal: true });
    if (!parsed.ok || parsed.event === undefined) throw new Error(parsed.ok ? "a log" : parsed.error);
    return [{ ...parsed.event, order: `${key}#${String(place).padStart(6, "0")}` }];
  });

/** `isInternal`: whether the events are ours, or those of an SDK. */
export const storeEvents = (files: Files, events: readonly unknown[], isInternal = true): void => {
  const arrived = events.map((original) => {
    const parsed = parseEvent(original, { isInternal });
    if (!parsed.ok || parsed.event === undefined) throw new Error(parsed.ok ? "a log" : parsed.error);
    return { event: parsed.event, original };
  });
  const options = { projectId, prefix: "", sampling: new Map<string, number>(), segmentBytesMax: 400, sha256Hex };
  for (const group of arrangeBatch(arrived, options)) files.set(group.fileKey, JSON.stringify(group.events));
};

/** One OTLP/JSON request. */
export const storeRequest = (files: Files, request: unknown): void => {
  const { events, rejected } = mapSpans(parseTracesJson(JSON.stringify(request)).traces, { nowMs });
  if (rejected.length > 0) throw new Error(JSON.stringify(rejected));
  storeEvents(files, events);
};

export const storedTrace = (files: Files, traceId: string): TraceRow => {
  const events = [...files].flatMap(([key, text]) => (key.startsWith(`${projectId}/trace/${traceId}/`) ? read(text, key) : []));
  const traceEvents = events.flatMap((event) => (event.entityType === "trace" ? [event] : []));
  const { root } = readTrace(traceEvents);
  const key = `${projectId}/observation/${root?.observationId}/otel-${traceId}-${root?.spanId}.json`;
  const observation = read(files.get(key) ?? "[]", key).at(-1);
  const { input, output, metadata } = observation?.entityType === "observation" ? observation.body : {};
  const content = { ...(input && { input }), ...(output && { output }), ...(metadata && { metadata }) };
  const row = mergeTrace(traceEvents, { projectId, createdAt: instant, updatedAt: instant, version: instant }, content);
  if (row === undefined) throw new Error("no trace");
  return row;
};
