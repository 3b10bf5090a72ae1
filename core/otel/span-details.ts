/**
 * OpenTelemetry, mapping: a span's events, links, kind and trace state as metadata. Bounded, so that details never outweigh the content.
 * Each part is present only if it says something.
 */
import type { Json } from "../ingestion/event.ts";
import { toAttributes, toObject, toText } from "./attributes.ts";
import { leftEvents } from "./content-left.ts";
import { isException } from "./exception.ts";
import { isJsonObject, type JsonObject, setOwn } from "./safe-json.ts";
import type { SpanFacts } from "./span-facts.ts";
import { instantOfNanos } from "./span-times.ts";

/**
 * The limit that OpenTelemetry's SDKs apply per span by default: https://opentelemetry.io/docs/specs/otel/trace/sdk/#span-limits (read
 * 2026-11-28).
 */
export const eventsMax = 128;
export const linksMax = 128;
/** Maximum characters of JSON, for the events and again for the links. */
export const charactersMax = 262_144;
/** Maximum characters of one text inside them, such as a stack trace. */
export const textCharactersMax = 65_536;

/** 0 (unspecified) and 1 (internal) carry no information. */
const kinds = [undefined, undefined, "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];

export const spanDetails = (facts: SpanFacts): JsonObject => {
  const { span } = facts;
  const kind = kinds[span.kind];
  const events = leftEvents(facts).map(({ event, attributes }) => ({
    isFirst: isException(event),
    value: { name: event.name, time: instantOfNanos(BigInt(event.timeUnixNano)), ...(hasFields(attributes) ? { attributes } : {}) },
  }));
  const links = span.links.map(({ traceId, spanId, traceState, attributes }) => ({
    isFirst: false,
    value: {
      traceId,
      spanId,
      ...(traceState === undefined ? {} : { traceState }),
      ...(attributes.length === 0 ? {} : { attributes: toObject(toAttributes(attributes)) }),
    },
  }));
  return {
    ...(kind === undefined ? {} : { kind }),
    ...(span.traceState === undefined ? {} : { traceState: span.traceState }),
    ...list("events", "droppedEventsCount", bounded(events, eventsMax)),
    ...list("links", "droppedLinksCount", bounded(links, linksMax)),
  };
};

const hasFields = (object: JsonObject): boolean => Object.keys(object).length > 0;

type Bounded = { kept: Json[]; droppedCount: number };

/** Reuses OTLP's names for what a sender dropped, here for what we dropped. */
const list = (name: string, droppedName: string, { kept, droppedCount }: Bounded): JsonObject => ({
  ...(kept.length === 0 ? {} : { [name]: kept }),
  ...(droppedCount === 0 ? {} : { [droppedName]: droppedCount }),
});

/** Keeps exceptions before all other items; those kept stay in their order. */
const bounded = (items: readonly { isFirst: boolean; value: JsonObject }[], countMax: number): Bounded => {
  const places = items.map((_, index) => index);
  const kept = new Map<number, Json>();
  let characters = 0;
  for (const place of [...places.filter((one) => items[one]?.isFirst), ...places.filter((one) => !items[one]?.isFirst)]) {
    if (kept.size >= countMax) break;
    const value = withShortTexts(items[place]?.value ?? {});
    const size = toText(value).length;
    if (characters + size > charactersMax) continue;
    characters += size;
    kept.set(place, value);
  }
  return { kept: places.flatMap((place) => kept.get(place) ?? []), droppedCount: items.length - kept.size };
};

const withShortTexts = (value: Json): Json => {
  if (typeof value === "string" && value.length > textCharactersMax) {
    return `${value.slice(0, textCharactersMax)}… (${value.length - textCharactersMax} characters more)`;
  }
  if (Array.isArray(value)) return value.map(withShortTexts);
  if (!isJsonObject(value)) return value;
  const object: JsonObject = {};
  for (const [key, item] of Object.entries(value)) setOwn(object, key, withShortTexts(item));
  return object;
};
