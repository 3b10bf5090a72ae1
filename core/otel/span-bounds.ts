/** What every span must satisfy, however it was encoded, and the budget of one request. */
import { AppError } from "../errors.ts";
import type { OtlpLimits, Span } from "./otlp-traces.ts";
import { SpanFault } from "./rejections.ts";

/** 2262-01-01: events may not be later, see core/ingestion/instant.ts. */
const timeNanosEnd = BigInt(Date.UTC(2262, 0, 1)) * 1_000_000n;

const isZeros = (hex: string): boolean => /^0*$/.test(hex);

/**
 * The span with its ids and times checked. Throws SpanFault. Ids without any bit set are invalid, as a parent they mean a root.
 * Links that lead nowhere are left out: nothing is made of links, and the span is not worse for one.
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

/** For a span or a link: nothing for one that was not sent. One that is too long loses whole members from its end, as the W3C asks (https://www.w3.org/TR/trace-context/#tracestate-limits, read 2026-11-28). */
export const traceStateOf = (text: string): { traceState?: string } => {
  const kept = text.length <= traceStateLengthMax ? text : text.slice(0, Math.max(0, text.lastIndexOf(",", traceStateLengthMax)));
  return kept === "" ? {} : { traceState: kept };
};

/** Nothing where no bit is set, as in spans of exporters that know no flags. */
export const flagsOf = (flags: number): { flags?: number } => (flags === 0 ? {} : { flags });

const checkId = (hex: string, digits: number, name: string): void => {
  if (hex === "") throw new SpanFault(`${name} is missing`);
  if (hex.length !== digits) throw new SpanFault(`${name} is not ${digits / 2} bytes long`);
  if (isZeros(hex)) throw new SpanFault(`${name} is all zeros`);
};

const checkTime = (nanos: string, name: string): void => {
  if (BigInt(nanos) >= timeNanosEnd) throw new SpanFault(`${name} is after the year 2261`);
};

/** Counts elements as they are read; throws PAYLOAD_TOO_LARGE past the limit. */
export type ElementBudget = { nestingMax: number; spend: () => void };

export const createElementBudget = ({ nestingMax, elementsMax }: OtlpLimits): ElementBudget => {
  let spent = 0;
  return {
    nestingMax,
    spend: () => {
      spent += 1;
      if (spent > elementsMax) {
        throw new AppError({
          code: "PAYLOAD_TOO_LARGE",
          message: `The request holds more than ${elementsMax} spans, events, links and attributes; send it in parts`,
        });
      }
    },
  };
};
