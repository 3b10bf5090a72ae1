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

export type OtlpLimits = {
  /** Levels of arrays and lists within one attribute. */
  nestingMax: number;
  /** Spans, events, links, attributes and values in one request: bounds the memory of a request whose elements are a few bytes each. */
  elementsMax: number;
};

export const defaultOtlpLimits: OtlpLimits = { nestingMax: 32, elementsMax: 1_000_000 };
