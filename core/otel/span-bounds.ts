/** OpenTelemetry, decoding: checks every span, whatever its encoding, and keeps the budget of one request. */
import { AppError } from "../errors.ts";
import { instantEndMs } from "../ingestion/instant.ts";
import type { OtlpLimits, Span } from "./otlp-traces.ts";
import { SpanFault } from "./rejections.ts";

/** The end of the range for events. */
const timeNanosEnd = BigInt(instantEndMs) * 1_000_000n;

const isZeros = (hex: string): boolean => /^0*$/.test(hex);

/**
 * Returns the span with its ids and times checked. Throws SpanFault. An id of all zero bits is invalid; as a parent it means a root. Drops
 * links with invalid ids, from which nothing is derived, rather than the span.
 */
export const checkSpan = (span: Omit<Span, "parentSpanId"> & { parentSpanId: string }): Span => {
  checkId(span.traceId, 32, "trace id");
  checkId(span.spanId, 16, "span id");
  const { parentSpanId, ...fields } = span;
  const rest = { ...fields, links: span.links.filter((link) => link.traceId.length === 32 && link.spanId.length === 16) };
  checkTime(span.startTimeUnixNano, "start time");
  checkTime(span.endTimeUnixNano, "end time");
  if (isZeros(parentSpanId)) return rest;
  checkId(parentSpanId, 16, "parent span id");
  return { ...rest, parentSpanId };
};

const traceStateLengthMax = 4096;

/**
 * For a span or link; returns nothing if none was sent. Cuts an oversized one by whole members from its end, as the W3C asks
 * (https://www.w3.org/TR/trace-context/#tracestate-limits, read 2026-11-28).
 */
export const traceStateOf = (text: string): { traceState?: string } => {
  const kept = text.length <= traceStateLengthMax ? text : text.slice(0, Math.max(0, text.lastIndexOf(",", traceStateLengthMax)));
  return kept === "" ? {} : { traceState: kept };
};

/** Returns nothing if no bit is set, as from exporters that do not support flags. */
export const flagsOf = (flags: number): { flags?: number } => (flags === 0 ? {} : { flags });

const checkId = (hex: string, digits: number, name: string): void => {
  if (hex === "") throw new SpanFault(`${name} is missing`);
  if (hex.length !== digits) throw new SpanFault(`${name} is not ${digits / 2} bytes long`);
  if (isZeros(hex)) throw new SpanFault(`${name} is all zeros`);
};

const checkTime = (nanos: string, name: string): void => {
  if (BigInt(nanos) >= timeNanosEnd) throw new SpanFault(`${name} is after 2149-06-06`);
};

/** Budget of one span, resource or scope. Throws SpanFault past its own limit, PAYLOAD_TOO_LARGE past the request's. */
export type ElementBudget = { nestingMax: number; sizeMax: number; elementsMax: number; spend: () => void };

export type RequestBudget = {
  limits: OtlpLimits;
  /** Spends one element; throws PAYLOAD_TOO_LARGE past the limit. */
  spend: () => void;
  /** Spends one span, before it is read; throws PAYLOAD_TOO_LARGE past the limit. */
  spendSpan: () => void;
  /** Opens the budget of the next span. */
  ofSpan: () => ElementBudget;
  /** Opens the budget of the next resource or scope. */
  ofHead: () => ElementBudget;
};

export const createRequestBudget = (limits: OtlpLimits): RequestBudget => {
  let elements = 0;
  let spans = 0;
  const spend = () => {
    elements += 1;
    if (elements > limits.elementsMax) throw tooMany(`${limits.elementsMax} resources, scopes, spans, events, links and attributes`);
  };
  const ofOne = (sizeMax: number): ElementBudget => {
    let own = 0;
    return {
      nestingMax: limits.nestingMax,
      sizeMax,
      elementsMax: limits.spanElementsMax,
      spend: () => {
        spend();
        own += 1;
        if (own > limits.spanElementsMax) throw tooManyInOne(limits.spanElementsMax);
      },
    };
  };
  return {
    limits,
    spend,
    spendSpan: () => {
      spend();
      spans += 1;
      if (spans > limits.spansMax) throw tooMany(`${limits.spansMax} spans`);
    },
    ofSpan: () => ofOne(limits.spanSizeMax),
    ofHead: () => ofOne(limits.headSizeMax),
  };
};

export const tooMany = (what: string): AppError =>
  new AppError({ code: "PAYLOAD_TOO_LARGE", message: `The request contains more than ${what}; send it in parts` });

export const tooManyInOne = (elementsMax: number): SpanFault =>
  new SpanFault(`it holds more than ${elementsMax} attributes, events, links and values`);

/** Throws SpanFault. */
export const checkSize = (size: number, sizeMax: number): void => {
  if (size > sizeMax) throw new SpanFault(`it is larger than ${sizeMax} bytes`);
};
