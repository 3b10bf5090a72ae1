/**
 * Ids of the observations that spans become. A span is named by its trace and its span id, an observation by one id in its project: it is the span id, as long as no other
 * trace had that first, and else `{traceId}-{spanId}`.
 */
import type { OtlpTraces } from "./otlp-traces.ts";
import { parentOf, spansOf } from "./topmost-spans.ts";

export type SpanRef = { traceId: string; spanId: string };

/** Both ids it may have. */
export const plainId = ({ spanId }: SpanRef): string => spanId;
export const qualifiedId = ({ traceId, spanId }: SpanRef): string => `${traceId}-${spanId}`;

/** The trace and the span of an id that names both. */
export const readQualifiedId = (id: string): SpanRef | undefined => {
  const [, traceId, spanId] = /^([0-9a-f]{32})-([0-9a-f]{16})$/.exec(id) ?? [];
  return traceId === undefined || spanId === undefined ? undefined : { traceId, spanId };
};

export type SpanRefs = {
  /** Of the request, in its order. */
  spans: SpanRef[];
  /** Parents that are not in the request: an observation below them has to name them before they come. */
  parents: SpanRef[];
};

/** Each once. */
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
 * By `qualifiedId`. `ownerOf` answers which trace has an id already: null is one that names no trace, undefined nobody. Of several that want a free id the first gets it;
 * what had an id keeps it.
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
