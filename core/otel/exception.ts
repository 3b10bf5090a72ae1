/**
 * OpenTelemetry, mapping: the error of a span whose status has no message: https://opentelemetry.io/docs/specs/semconv/exceptions/ (read
 * 2026-11-28).
 */
import { firstText, toAttributes } from "./attributes.ts";
import type { SpanEvent } from "./otlp-traces.ts";
import type { SpanFacts } from "./span-facts.ts";

/** Matches `exception` and events of failed operations such as `gen_ai.client.inference.exception`. */
export const isException = (event: SpanEvent): boolean => event.name === "exception" || event.name.endsWith(".exception");

/** OTLP status code for success: an exception on such a span was handled. */
const statusOk = 1;
/** OTLP status code of a failed span. */
export const statusError = 2;

/**
 * Returns the message, else the type, of the last recorded exception: the one that ended the span. For a failed span without an exception,
 * returns what its attributes say about the error.
 */
export const exceptionMessage = ({ attributes, span }: SpanFacts): string | undefined => {
  if (span.status.code === statusOk) return undefined;
  for (const event of span.events.toReversed()) {
    if (!isException(event)) continue;
    const message = firstText(toAttributes(event.attributes), ["exception.message", "exception.type"]);
    if (message !== undefined) return message;
  }
  return span.status.code === statusError
    ? firstText(attributes, ["exception.message", "error.message", "exception.type", "error.type"])
    : undefined;
};
