/**
 * OpenTelemetry, mapping: observation ids of spans. A span is identified by trace and span id, an observation by one id per project. It
 * gets the span id unless another trace had that first, else `{traceId}-{spanId}`.
 */
import type { OtlpTraces } from "./otlp-traces.ts";
import { parentOf, spansOf } from "./topmost-spans.ts";

export type SpanRef = { traceId: string; spanId: string };

/** The two ids a span's observation may have. */
export const plainId = ({ spanId }: SpanRef): string => spanId;
export const qualifiedId = ({ traceId, spanId }: SpanRef): string => `${traceId}-${spanId}`;

/** Parses an id that names both trace and span. */
export const readQualifiedId = (id: string): SpanRef | undefined => {
  const [, traceId, spanId] = /^([0-9a-f]{32})-([0-9a-f]{16})$/.exec(id) ?? [];
  return traceId === undefined || spanId === undefined ? undefined : { traceId, spanId };
};

type SpanRefs = {
  /** Spans of the request, in its order. */
  spans: SpanRef[];
  /** Parents outside the request: observations below them need the parents' ids before they arrive. */
  parents: SpanRef[];
};

/** Lists each span and parent once. */
export const spanRefs = (traces: OtlpTraces): SpanRefs => {
  const spans = new Map<string, SpanRef>();
  for (const { traceId, spanId } of spansOf(traces)) spans.set(qualifiedId({ traceId, spanId }), { traceId, spanId });
  const parents = new Map<string, SpanRef>();
  for (const span of spansOf(traces)) {
    const spanId = parentOf(span);
    if (spanId === undefined) continue;
    const parent = { traceId: span.traceId, spanId };
    if (!spans.has(qualifiedId(parent))) parents.set(qualifiedId(parent), parent);
  }
  return { spans: [...spans.values()], parents: [...parents.values()] };
};

/**
 * Maps `qualifiedId` to the chosen id. `ownerOf` returns the trace that has an id: null for an owner without a trace, undefined for none.
 * The first of several spans gets a free id; existing owners keep theirs.
 */
export const chooseObservationIds = (
  refs: readonly SpanRef[],
  ownerOf: (observationId: string) => string | null | undefined,
): Map<string, string> => {
  const given = new Map<string, string>();
  const ids = new Map<string, string>();
  for (const ref of refs) {
    const owner = given.get(plainId(ref)) ?? ownerOf(plainId(ref));
    const isTaken = owner !== undefined && owner !== null && owner !== ref.traceId;
    const isPlain = !isTaken && ownerOf(qualifiedId(ref)) === undefined;
    if (isPlain) given.set(plainId(ref), ref.traceId);
    ids.set(qualifiedId(ref), isPlain ? plainId(ref) : qualifiedId(ref));
  }
  return ids;
};
