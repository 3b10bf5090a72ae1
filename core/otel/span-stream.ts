/** OpenTelemetry, decoding: yields spans one at a time, each with its resource and scope, so that a request need not be held as objects. */
import type { DecodedTraces, OtlpLimits, OtlpTraces, ResourceSpans, Scope, Span } from "./otlp-traces.ts";
import { createRejectionCount, type RejectionCount } from "./rejections.ts";
import { createRequestBudget, type RequestBudget } from "./span-bounds.ts";

export type ResourceHead = { resource: ResourceSpans["resource"]; schemaUrl?: string };
export type ScopeHead = { scope: Scope; schemaUrl?: string };

/** Spans of one resource or scope share the same head object. */
export type FoundSpan = { resource: ResourceHead; scope: ScopeHead; span: Span };

/** Counters kept while spans are read. */
export type Reads = { budget: RequestBudget; rejected: RejectionCount; spanCount: number; isComplete: boolean };

/**
 * Can be read once. Faults of the whole request are thrown where they occur, possibly after spans were yielded: only a stream read to its
 * end is valid.
 */
export type SpanStream = { spans: Generator<FoundSpan, void>; reads: Reads };

export const openSpans = (limits: OtlpLimits, read: (reads: Reads) => Generator<FoundSpan, void>): SpanStream => {
  const reads: Reads = { budget: createRequestBudget(limits), rejected: createRejectionCount(), spanCount: 0, isComplete: false };
  const spans = (function* () {
    yield* read(reads);
    reads.isComplete = true;
  })();
  return { spans, reads };
};

/** Builds the whole request as objects, without empty resources and scopes. */
export const collectTraces = ({ spans, reads }: SpanStream): DecodedTraces => {
  const [traces = { resourceSpans: [] }] = tracesOf(spans, Number.POSITIVE_INFINITY);
  return { traces, spanCount: reads.spanCount, rejected: reads.rejected.list() };
};

/** Yields requests of up to `spansMax` spans each, in span order; none if there are no spans. */
export function* tracesOf(spans: Iterable<FoundSpan>, spansMax: number): Generator<OtlpTraces, void> {
  let open: OpenTraces = { resourceSpans: [], spanCount: 0, resource: undefined, scope: undefined };
  for (const { resource, scope, span } of spans) {
    if (open.spanCount >= spansMax) {
      yield { resourceSpans: open.resourceSpans };
      open = { resourceSpans: [], spanCount: 0, resource: undefined, scope: undefined };
    }
    if (resource !== open.resource) open.resourceSpans.push({ ...resource, scopeSpans: [] });
    const scopeSpans = open.resourceSpans.at(-1)?.scopeSpans;
    if (resource !== open.resource || scope !== open.scope) scopeSpans?.push({ ...scope, spans: [] });
    scopeSpans?.at(-1)?.spans.push(span);
    open = { ...open, spanCount: open.spanCount + 1, resource, scope };
  }
  if (open.spanCount > 0) yield { resourceSpans: open.resourceSpans };
}

type OpenTraces = OtlpTraces & { spanCount: number; resource: ResourceHead | undefined; scope: ScopeHead | undefined };
