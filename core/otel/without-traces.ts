/** OpenTelemetry, deletion: returns a request without the spans of some traces; undefined if nothing is left. */
import type { OtlpTraces } from "./otlp-traces.ts";

export const withoutTraces = ({ resourceSpans, ...rest }: OtlpTraces, traceIds: ReadonlySet<string>): OtlpTraces | undefined => {
  const kept = resourceSpans.flatMap((resource) => {
    const scopeSpans = resource.scopeSpans.flatMap((scope) => {
      const spans = scope.spans.filter(({ traceId }) => !traceIds.has(traceId));
      return spans.length === 0 ? [] : [{ ...scope, spans }];
    });
    return scopeSpans.length === 0 ? [] : [{ ...resource, scopeSpans }];
  });
  return kept.length === 0 ? undefined : { ...rest, resourceSpans: kept };
};
