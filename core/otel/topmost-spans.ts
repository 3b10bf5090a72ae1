/**
 * The spans of one request that no other span of it stands above: the trace of each may turn out to be named after it. A parent may still come in another request,
 * so this decides nothing; the merge of the trace does, when it knows all of them.
 */
import type { OtlpTraces, Span } from "./otlp-traces.ts";
import { spanTimes } from "./span-times.ts";

export type TraceSpans = {
  /** Ids of all its spans in the request, each once. */
  spanIds: ReadonlySet<string>;
  /**
   * Spans without a parent, and of those whose parent is not in the request the earliest below each parent: when that parent comes, none of them is topmost, else the earliest is.
   * Never empty: of spans that are parents of one another in a circle, the earliest of the trace.
   */
  topmost: ReadonlySet<Span>;
  /** Start of the earliest of `topmost`. */
  startTime: string;
};

/** By trace id. A span without readable times is left out: it becomes no observation. Memory: one id and one time for each span. */
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

/** A span that names itself as its parent has none. */
export const parentOf = ({ spanId, parentSpanId }: Span): string | undefined => (parentSpanId === spanId ? undefined : parentSpanId);

export function* spansOf({ resourceSpans }: OtlpTraces): Generator<Span> {
  for (const { scopeSpans } of resourceSpans) for (const { spans } of scopeSpans) yield* spans;
}

type PlacedSpan = { span: Span; startTime: string };

const startOf = (span: Span, nowMs: number): string | undefined => {
  try {
    return spanTimes(span, nowMs).startTime;
  } catch {
    // Counted where it is mapped.
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
