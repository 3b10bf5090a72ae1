/** All that the mappers are told about one span. */
import { langfuse } from "./attribute-names.ts";
import { type Attributes, toAttributes } from "./attributes.ts";
import type { SpanRef } from "./observation-ids.ts";
import type { Scope, Span } from "./otlp-traces.ts";
import { spanTimes } from "./span-times.ts";
import { parentOf } from "./topmost-spans.ts";

export type MapContext = {
  /** As the request named them: `x-langfuse-sdk-name`, `x-langfuse-sdk-version`. */
  sdkName?: string;
  sdkVersion?: string;
  /** Part of what the request carries, so that the context can be handed on whole; no rule reads it. */
  publicKey?: string;
  /** When the request came in, the same at every attempt: it stands in for the times of spans that have none. */
  nowMs: number;
  /** The id of the observation of a span. Absent: the span id. */
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
  /** Has no parent, or says that it counts as a root. */
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
    isRoot: parentOf(span) === undefined || String(attributes.get(langfuse.asRoot)) === "true",
    context,
  };
};
