/** OpenTelemetry, mapping: finds when the model's answer began, from an instant, from the start plus a wait, or from an event. */
import type { Json } from "../ingestion/event.ts";
import { utcInstant } from "../ingestion/instant.ts";
import { parseDecimal } from "../models/decimal.ts";
import { toNumber } from "./attributes.ts";
import { firstTokenEventNames, firstTokenInstantNames, firstTokenNames, type WaitUnit } from "./first-token-names.ts";
import { parseJson } from "./safe-json.ts";
import type { SpanFacts } from "./span-facts.ts";
import { instantOfMicros, instantOfNanos, microsOfInstant, nanosOfDecimal, parseInstant, recentNanosStart } from "./span-times.ts";

/** One day. A longer wait is a unit mistake. */
const waitMicrosMax = 86_400_000_000;

/** Rounds milliseconds up to whole ones, as Langfuse does; seconds and nanoseconds to the microsecond. */
const toMicros: Record<WaitUnit, (wait: number) => number> = {
  s: (wait) => Math.round(wait * 1_000_000),
  ms: (wait) => Math.ceil(wait) * 1000,
  ns: (wait) => Math.round(wait / 1000),
};

/** May lie outside the span: the merge clamps it between start and end. */
export const completionStartTime = (facts: SpanFacts): string | undefined => {
  for (const name of firstTokenInstantNames) {
    const instant = writtenInstant(facts.attributes.get(name));
    if (instant !== undefined) return instant;
  }
  return afterWait(facts) ?? firstTokenEvent(facts);
};

/** Also reads an instant encoded twice as JSON, as older SDKs send it, and a number since the epoch in the units that spans may have. */
const writtenInstant = (given: Json | undefined): string | undefined => {
  if (typeof given === "number") return instantOfNumber(String(given));
  if (typeof given !== "string") return undefined;
  if (/^\d[\d.]{0,40}$/.test(given)) return instantOfNumber(given);
  const unwrapped = given.startsWith('"') ? parseJson(given) : given;
  return typeof unwrapped === "string" ? parseInstant(unwrapped) : undefined;
};

const instantOfNumber = (text: string): string | undefined => {
  const decimal = parseDecimal(text);
  const nanos = decimal === undefined ? 0n : nanosOfDecimal(decimal);
  return nanos >= recentNanosStart ? utcInstant(instantOfNanos(nanos)) : undefined;
};

const afterWait = ({ attributes, scope, startTime, endTime }: SpanFacts): string | undefined => {
  const start = microsOfInstant(startTime);
  const spanMicros = Number(microsOfInstant(endTime) - start);
  for (const { name, units, scope: only } of firstTokenNames) {
    const wait = only === undefined || only === scope.name ? toNumber(attributes.get(name)) : undefined;
    if (wait === undefined || wait <= 0) continue;
    const waits = units.map((unit) => toMicros[unit](wait));
    const micros = waits.find((one) => one <= spanMicros) ?? toMicros[units[0]](wait);
    if (micros <= waitMicrosMax) return utcInstant(instantOfMicros(start + BigInt(micros)));
  }
  return undefined;
};

const firstTokenEvent = ({ span }: SpanFacts): string | undefined => {
  const event = span.events.find(({ name, timeUnixNano }) => firstTokenEventNames.has(name) && timeUnixNano !== "0");
  return event === undefined ? undefined : utcInstant(instantOfNanos(BigInt(event.timeUnixNano)));
};
