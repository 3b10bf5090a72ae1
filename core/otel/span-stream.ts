/** Spans one at a time as they are decoded, each with what is above it: a request need not be held as objects. */
import type { DecodedTraces, OtlpLimits, OtlpTraces, ResourceSpans, Scope, Span } from "./otlp-traces.ts";
import { createRejectionCount, type RejectionCount } from "./rejections.ts";
import { createRequestBudget, type RequestBudget } from "./span-bounds.ts";

export type ResourceHead = { resource: ResourceSpans["resource"]; schemaUrl?: string };
export type ScopeHead = { scope: Scope; schemaUrl?: string };

/** Spans of one resource or scope have the same head, as an object. */
export type FoundSpan = { resource: ResourceHead; scope: ScopeHead; span: Span };

/** What is counted while spans are read. */
export type Reads = { budget: RequestBudget; rejected: RejectionCount; spanCount: number; isComplete: boolean };

/** Read once. What is wrong with the request as a whole is thrown where it is met, which may be behind spans that were found: only a stream read to its end is sound. */
export type SpanStream = { spans: Generator<FoundSpan, void>; reads: Reads };

export const openSpans = (limits: OtlpLimits, read: (reads: Reads) => Generator<FoundSpan, void>): SpanStream => {
  const reads: Reads = { budget: createRequestBudget(limits), rejected: createRejectionCount(), spanCount: 0, isComplete: false };
  const spans = (function* () {
    yield* read(reads);
    reads.isComplete = true;
  })();
  return { spans, reads };
};

/** The whole request as objects. Resources and scopes without spans are left out. */
export const collectTraces = ({ spans, reads }: SpanStream): DecodedTraces => {
  const [traces = { resourceSpans: [] }] = tracesOf(spans, Number.POSITIVE_INFINITY);
  return { traces, spanCount: reads.spanCount, rejected: reads.rejected.list() };
};

/** Requests of up to `spansMax` spans each, in the order of the spans; none of no spans. */
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
