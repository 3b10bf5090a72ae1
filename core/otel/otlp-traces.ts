/**
 * OpenTelemetry: an OTLP trace export request as the rest of the code sees it, whatever its encoding.
 * It is itself valid OTLP/JSON and survives a JSON round trip: ids are lower-case hex, 64-bit integers decimal text, bytes base64.
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
  /** W3C tracestate; absent if not sent. */
  traceState?: string;
  attributes: KeyValue[];
};

export type Span = {
  /** 32 hex digits. */
  traceId: string;
  /** 16 hex digits. */
  spanId: string;
  /** Absent for a root. */
  parentSpanId?: string;
  /** W3C tracestate, at most 4,096 characters; absent if not sent. */
  traceState?: string;
  /** 32 bits; absent if none is set. Bit 0x100: whether the parent is remote is known; bit 0x200: it is remote. */
  flags?: number;
  name: string;
  /** 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number;
  /** Nanoseconds since the epoch; `0` if not sent. */
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: KeyValue[];
  events: SpanEvent[];
  links: SpanLink[];
  /** 0 unset, 1 ok, 2 error. */
  status: { code: number; message?: string };
};

export type Scope = { name: string; version: string; attributes: KeyValue[] };
type ScopeSpans = { scope: Scope; schemaUrl?: string; spans: Span[] };
export type ResourceSpans = { resource: { attributes: KeyValue[] }; schemaUrl?: string; scopeSpans: ScopeSpans[] };
export type OtlpTraces = { resourceSpans: ResourceSpans[] };

/** How many spans were rejected and why: an OTLP partial success. */
export type Rejection = { reason: string; count: number };

export type DecodedTraces = { traces: OtlpTraces; spanCount: number; rejected: Rejection[] };

/** Limits of one request. Together with the byte limit they keep the Worker within its 128 MB, however many or small the elements are. */
export type OtlpLimits = {
  /** Levels of arrays and lists within one attribute. */
  nestingMax: number;
  /** Resources, scopes, spans, events, links, attributes and values of one request. More refuses the request. */
  elementsMax: number;
  /** Spans of one request, rejected ones included. More refuses the request. */
  spansMax: number;
  /** Elements of one span, or of one resource or scope, each held in memory whole. More rejects the span, or everything below. */
  spanElementsMax: number;
  /** Bytes of one span. More rejects the span. */
  spanSizeMax: number;
  /** Bytes of a resource or scope, which is stored with each part of the request. More rejects everything below. */
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

/** Limits for stored requests: they met the limits of the time they were stored. */
export const storedOtlpLimits: OtlpLimits = {
  nestingMax: defaultOtlpLimits.nestingMax,
  elementsMax: Number.POSITIVE_INFINITY,
  spansMax: Number.POSITIVE_INFINITY,
  spanElementsMax: Number.POSITIVE_INFINITY,
  spanSizeMax: Number.POSITIVE_INFINITY,
  headSizeMax: Number.POSITIVE_INFINITY,
};
