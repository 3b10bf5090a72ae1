/** Which span a trace of OpenTelemetry is named after, from the events of all its requests: the same whatever their order, and however the spans were split into them. */
import type { RootCandidate, TraceBody, TraceEvent } from "../event.ts";
import { isJsonObject } from "./merge-metadata.ts";
import { orderEvents } from "./order-events.ts";

export type TraceRoot = RootCandidate & { event: TraceEvent };

/** Events of one trace in their current form, and the span it is named after; undefined without spans. */
export type ReadTrace = { ordered: TraceEvent[]; root: TraceRoot | undefined };

export const readTrace = (events: readonly TraceEvent[]): ReadTrace => {
  const current = currentForm(events);
  const ordered = orderEvents(current);
  // Also of events that another with their id has replaced: the same span may have come in several requests.
  const known = new Set(current.flatMap(({ body }) => body.otel?.spanIds?.match(/.{16}/g) ?? []));
  return { ordered, root: firstCandidate(ordered, known) };
};

/**
 * The first by: a marker (root of its application before root of its trace before none), then no known parent before a known one, then the earliest, then the span id.
 * Of candidates without a marker only those whose parent never came can win, but for parents in a circle.
 */
const firstCandidate = (ordered: readonly TraceEvent[], known: ReadonlySet<string>): TraceRoot | undefined => {
  let first: { root: TraceRoot; rank: string } | undefined;
  for (const event of ordered) {
    const candidate = event.body.otel?.candidate;
    if (candidate === undefined) continue;
    const { marker, parentSpanId, spanId } = candidate;
    const isBelow = parentSpanId !== undefined && known.has(parentSpanId);
    const rank = `${marker === "app-root" ? 0 : marker === "root" ? 1 : 2}${isBelow ? 1 : 0} ${event.timestamp} ${spanId}`;
    if (first === undefined || rank < first.rank) first = { root: { ...candidate, event }, rank };
  }
  return first?.root;
};

const eventIdOfSpan = /^otel-trace-[0-9a-f]{32}-([0-9a-f]{16})$/;

/**
 * Events as they are made of spans today. Older files have events whose fields do not say whether they were set for the trace or are those of the span: what a span has
 * today takes their place, and of the others one with a name counts as a root with these fields, and one without as what was set for the trace.
 */
const currentForm = (events: readonly TraceEvent[]): TraceEvent[] => {
  const isOlder = (event: TraceEvent) => event.body.otel === undefined && eventIdOfSpan.test(event.id);
  if (!events.some(isOlder)) return [...events];
  const current = new Set(events.flatMap((event) => (isOlder(event) ? [] : [event.id])));
  return events.flatMap((event) => (!isOlder(event) ? [event] : current.has(event.id) ? [] : [fromOlder(event)]));
};

const fromOlder = (event: TraceEvent): TraceEvent => {
  const spanId = eventIdOfSpan.exec(event.id)?.[1] ?? "";
  const { timestamp, userId, sessionId, public: isPublic, tags, ...own } = event.body;
  const told: TraceBody = withoutUndefined({ timestamp, userId, sessionId, public: isPublic, tags });
  if (typeof own.name !== "string") {
    const { version: _v, release: _r, metadata, ...set } = own;
    return { ...event, body: { ...told, ...set, ...withoutSpan(metadata), otel: { spanIds: spanId } } };
  }
  const { name, version, release, environment = "default", input, output, metadata } = own;
  return {
    ...event,
    body: {
      ...told,
      otel: {
        spanIds: spanId,
        candidate: withoutUndefined({
          spanId,
          observationId: spanId,
          marker: "root" as const,
          name,
          version: version ?? undefined,
          release: release ?? undefined,
          environment,
          content: withoutUndefined({ input, output, metadata }),
        }),
      },
    },
  };
};

/** Scope and resource stood in the metadata of every event of a span. */
const withoutSpan = (metadata: TraceBody["metadata"]): Pick<TraceBody, "metadata"> => {
  if (!isJsonObject(metadata)) return metadata === undefined ? {} : { metadata };
  const { scope: _s, resourceAttributes: _r, ...set } = metadata;
  return Object.keys(set).length === 0 ? {} : { metadata: set };
};

type Present<Fields> = { [Name in keyof Fields]: Exclude<Fields[Name], undefined> } & {};

const withoutUndefined = <Fields extends object>(fields: Fields): Present<Fields> =>
  // Holds because an optional field that is undefined and one that is absent mean the same here.
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<Fields>;
