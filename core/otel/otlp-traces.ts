/**
 * A trace export request of OTLP as the rest of the code sees it, whichever way it was encoded.
 * It is itself valid OTLP/JSON and survives JSON unchanged: ids are lower-case hex, 64-bit integers decimal text, bytes base64.
 */

export type AnyValue =
  | { stringValue: string }
  | { boolValue: boolean }
  | { intValue: string }
  | { doubleValue: number | "NaN" | "Infinity" | "-Infinity" }
  | { arrayValue: { values: AnyValue[] } }
  | { kvlistValue: { values: KeyValue[] } }
  | { bytesValue: string }
  /** A value that was sent empty. */
  | Record<string, never>;

export type KeyValue = { key: string; value: AnyValue };

export type SpanEvent = { timeUnixNano: string; name: string; attributes: KeyValue[] };
export type SpanLink = {
  traceId: string;
  spanId: string;
  /** W3C tracestate; absent when it was not sent. */
  traceState?: string;
  attributes: KeyValue[];
};

export type Span = {
  /** 32 hex digits. */
  traceId: string;
  /** 16 hex digits. */
  spanId: string;
  /** Absent: a root. */
  parentSpanId?: string;
  /** W3C tracestate, 4,096 characters at most; absent when it was not sent. */
  traceState?: string;
  /** 32 bits; absent when none is set. Bit 0x100: it is known whether the parent is remote; bit 0x200: it is. */
  flags?: number;
  name: string;
  /** 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number;
  /** Nanoseconds since the epoch; `0` when it was not sent. */
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: KeyValue[];
  events: SpanEvent[];
  links: SpanLink[];
  /** 0 unset, 1 ok, 2 error. */
  status: { code: number; message?: string };
};

export type Scope = { name: string; version: string; attributes: KeyValue[] };
export type ScopeSpans = { scope: Scope; schemaUrl?: string; spans: Span[] };
export type ResourceSpans = { resource: { attributes: KeyValue[] }; schemaUrl?: string; scopeSpans: ScopeSpans[] };
export type OtlpTraces = { resourceSpans: ResourceSpans[] };

/** Why spans were left out, and how many: what OTLP calls a partial success. */
export type Rejection = { reason: string; count: number };

export type DecodedTraces = { traces: OtlpTraces; spanCount: number; rejected: Rejection[] };

/** What one request may hold. With the bound of its bytes they keep the Worker within its 128 MB, however small or many its elements are. */
export type OtlpLimits = {
  /** Levels of arrays and lists within one attribute. */
  nestingMax: number;
  /** Resources, scopes, spans, events, links, attributes and values of one request. More is a refusal of the request. */
  elementsMax: number;
  /** Spans of one request, those that cannot be taken among them. More is a refusal of the request. */
  spansMax: number;
  /** The same of one span, or of one resource or scope, which are held as a whole. More costs the span, or what lies below. */
  spanElementsMax: number;
  /** Bytes of one span. More costs the span. */
  spanSizeMax: number;
  /** The same of a resource or a scope, which is stored with each part of the request. More costs what lies below. */
  headSizeMax: number;
};

export const defaultOtlpLimits: OtlpLimits = {
  nestingMax: 32,
  elementsMax: 1_000_000,
  spansMax: 250_000,
  spanElementsMax: 200_000,
  spanSizeMax: 8 * 1024 * 1024,
  headSizeMax: 1024 * 1024,
};

/** Of requests that are stored: they were within the limits of their day. */
export const storedOtlpLimits: OtlpLimits = {
  nestingMax: defaultOtlpLimits.nestingMax,
  elementsMax: Number.POSITIVE_INFINITY,
  spansMax: Number.POSITIVE_INFINITY,
  spanElementsMax: Number.POSITIVE_INFINITY,
  spanSizeMax: Number.POSITIVE_INFINITY,
  headSizeMax: Number.POSITIVE_INFINITY,
};
