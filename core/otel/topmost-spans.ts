/**
 * OpenTelemetry, mapping: spans of one request without a known parent in it; each may turn out to name its trace. A parent may still arrive
 * in another request, so the merge of the trace, which knows all spans, decides.
 */
import type { OtlpTraces, Span } from "./otlp-traces.ts";
import { spanTimes } from "./span-times.ts";

export type TraceSpans = {
  /** Ids of the trace's spans in the request, each once. */
  spanIds: ReadonlySet<string>;
  /**
   * Spans without a parent, and the earliest child of each parent outside the request: if that parent arrives, none of its children is
   * topmost, else the earliest is.
   * Never empty: if spans form a cycle, the trace's earliest span.
   */
  topmost: ReadonlySet<Span>;
  /** Start of the earliest of `topmost`. */
  startTime: string;
};

/** Maps trace ids to their spans. Omits a span with unreadable times: it becomes no observation. Memory: one id and one time per span. */
export const topmostSpans = (traces: OtlpTraces, nowMs: number): Map<string, TraceSpans> => {
  const byTrace = new Map<string, PlacedSpan[]>();
  for (const span of spansOf(traces)) {
    const startTime = startOf(span, nowMs);
    if (startTime === undefined) continue;
    const placed = { span, startTime };
    const others = byTrace.get(span.traceId);
    if (others === undefined) byTrace.set(span.traceId, [placed]);
    else others.push(placed);
  }
  return new Map([...byTrace].map(([traceId, spans]) => [traceId, describe(spans)]));
};

/** A span that names itself as parent has none. */
export const parentOf = ({ spanId, parentSpanId }: Span): string | undefined => (parentSpanId === spanId ? undefined : parentSpanId);

export function* spansOf({ resourceSpans }: OtlpTraces): Generator<Span> {
  for (const { scopeSpans } of resourceSpans) for (const { spans } of scopeSpans) yield* spans;
}

type PlacedSpan = { span: Span; startTime: string };

const startOf = (span: Span, nowMs: number): string | undefined => {
  try {
    return spanTimes(span, nowMs).startTime;
  } catch {
    // The mapper counts it.
    return undefined;
  }
};

const isEarlier = (one: PlacedSpan, other: PlacedSpan): boolean =>
  one.startTime === other.startTime ? one.span.spanId < other.span.spanId : one.startTime < other.startTime;

const earliest = (spans: readonly PlacedSpan[]): PlacedSpan[] =>
  spans.slice(0, 1).map((first) => spans.reduce((found, next) => (isEarlier(next, found) ? next : found), first));

const describe = (spans: readonly PlacedSpan[]): TraceSpans => {
  const spanIds = new Set(spans.map(({ span }) => span.spanId));
  const roots: PlacedSpan[] = [];
  const orphans = new Map<string, PlacedSpan>();
  for (const placed of spans) {
    const parentId = parentOf(placed.span);
    if (parentId === undefined) roots.push(placed);
    else if (!spanIds.has(parentId)) {
      const other = orphans.get(parentId);
      if (other === undefined || isEarlier(placed, other)) orphans.set(parentId, placed);
    }
  }
  const found = [...roots, ...orphans.values()];
  const topmost = found.length > 0 ? found : earliest(spans);
  return { spanIds, topmost: new Set(topmost.map(({ span }) => span)), startTime: earliest(topmost)[0]?.startTime ?? "" };
};
