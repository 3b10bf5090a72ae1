/** What went wrong in a span whose status says nothing: https://opentelemetry.io/docs/specs/semconv/exceptions/ (read 2026-11-28). */
import { firstText, toAttributes } from "./attributes.ts";
import type { SpanEvent } from "./otlp-traces.ts";
import type { SpanFacts } from "./span-facts.ts";

/** `exception`, and the events of an operation that failed, `gen_ai.client.inference.exception`. */
export const isException = (event: SpanEvent): boolean => event.name === "exception" || event.name.endsWith(".exception");

/** OTLP's status code of a span that went well: an exception in it was dealt with. */
const statusOk = 1;
/** OTLP's status code of a failed span. */
export const statusError = 2;

/**
 * The message of the exception that was recorded last, which is the one that ended the span, else its type; of a failed span without an
 * exception what its attributes say of the error.
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
