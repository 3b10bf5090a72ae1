/** OpenTelemetry, mapping: everything the mappers need about one span. */
import { langfuse } from "./attribute-names.ts";
import { type Attributes, isTrue, toAttributes } from "./attributes.ts";
import type { SpanRef } from "./observation-ids.ts";
import type { Scope, Span } from "./otlp-traces.ts";
import { spanTimes } from "./span-times.ts";
import { parentOf } from "./topmost-spans.ts";

export type MapContext = {
  /** From the request headers `x-langfuse-sdk-name` and `x-langfuse-sdk-version`. */
  sdkName?: string;
  sdkVersion?: string;
  /** Carried so that the request's context can be passed on whole; no rule reads it. */
  publicKey?: string;
  /** When the request arrived, identical on every attempt. Used for spans without times. */
  nowMs: number;
  /** Returns the observation id of a span. Absent: the span id. */
  observationIdOf?: (span: SpanRef) => string;
};

export type SpanFacts = {
  span: Span;
  scope: Scope;
  attributes: Attributes;
  resourceAttributes: Attributes;
  scopeAttributes: Attributes;
  /** ISO 8601 UTC with microseconds. */
  startTime: string;
  endTime: string;
  /** Has no parent, or declares itself a root. */
  isRoot: boolean;
  context: MapContext;
};

export const spanFacts = (
  span: Span,
  scope: Scope,
  outer: { resourceAttributes: Attributes; scopeAttributes: Attributes },
  context: MapContext,
): SpanFacts => {
  const attributes = toAttributes(span.attributes);
  return {
    span,
    scope,
    attributes,
    ...outer,
    ...spanTimes(span, context.nowMs),
    isRoot: parentOf(span) === undefined || isTrue(attributes.get(langfuse.asRoot)),
    context,
  };
};
