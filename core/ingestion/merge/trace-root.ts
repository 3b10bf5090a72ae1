/**
 * Ingestion, merge: finds the span that names an OpenTelemetry trace. The result does not depend on the order of requests or on how spans
 * were split among them.
 */
import type { RootCandidate, TraceBody, TraceEvent } from "../event.ts";
import { isJsonObject } from "./merge-metadata.ts";
import { orderEvents } from "./order-events.ts";

export type TraceRoot = RootCandidate & { event: TraceEvent };

/** The events of one trace in their current form, and its root span; undefined without spans. */
type ReadTrace = { ordered: TraceEvent[]; root: TraceRoot | undefined };

export const readTrace = (events: readonly TraceEvent[]): ReadTrace => {
  const current = currentForm(events);
  const ordered = orderEvents(current);
  // Includes events replaced by another with the same id: a span may arrive in several requests.
  const known = new Set(current.flatMap(({ body }) => body.otel?.spanIds?.match(/.{16}/g) ?? []));
  return { ordered, root: firstCandidate(ordered, known) };
};

/**
 * Ranks by marker, then no known parent, then earliest start, then span id. Among candidates without a marker, only one whose parent never
 * came can win, unless the parents form a cycle.
 */
const firstCandidate = (ordered: readonly TraceEvent[], known: ReadonlySet<string>): TraceRoot | undefined => {
  let first: { root: TraceRoot; rank: string } | undefined;
  for (const event of ordered) {
    const candidate = event.body.otel?.candidate;
    if (candidate === undefined) continue;
    const { parentSpanId, spanId } = candidate;
    const isBelow = parentSpanId !== undefined && known.has(parentSpanId);
    const rank = `${rankOf(candidate)}${isBelow ? 1 : 0} ${event.timestamp} ${spanId}`;
    if (first === undefined || rank < first.rank) first = { root: { ...candidate, event }, rank };
  }
  return first?.root;
};

/**
 * Application root, then no parent, then declared a root, then none. A process that joins a trace of another declares its first span a root;
 * by its clock, it may have begun before the real one.
 */
const rankOf = ({ marker, parentSpanId }: RootCandidate): number => {
  if (marker === undefined) return 3;
  if (marker === "app-root") return 0;
  return parentSpanId === undefined ? 1 : 2;
};

const eventIdOfSpan = /^otel-trace-[0-9a-f]{32}-([0-9a-f]{16})$/;

/**
 * Converts older events, whose fields may belong to the trace or to the span. A current event of the span replaces them. Otherwise one with
 * a name counts as a root with these fields, one without as fields set for the trace.
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
  const ownFields: TraceBody = withoutUndefined({ timestamp, userId, sessionId, public: isPublic, tags });
  if (typeof own.name !== "string") {
    const { version: _v, release: _r, metadata, ...set } = own;
    return { ...event, body: { ...ownFields, ...set, ...withoutSpan(metadata), otel: { spanIds: spanId } } };
  }
  const { name, version, release, environment = "default", input, output, metadata } = own;
  return {
    ...event,
    body: {
      ...ownFields,
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

/** Older events repeat scope and resource in their metadata. */
const withoutSpan = (metadata: TraceBody["metadata"]): Pick<TraceBody, "metadata"> => {
  if (!isJsonObject(metadata)) return metadata === undefined ? {} : { metadata };
  const { scope: _s, resourceAttributes: _r, ...set } = metadata;
  return Object.keys(set).length === 0 ? {} : { metadata: set };
};

type Present<Fields> = { [Name in keyof Fields]: Exclude<Fields[Name], undefined> } & {};

const withoutUndefined = <Fields extends object>(fields: Fields): Present<Fields> =>
  // Holds because an optional field that is undefined means the same here as an absent one.
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<Fields>;
