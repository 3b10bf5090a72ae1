/**
 * Events, links, kind and trace state of a span as metadata of its observation. Bounded: what a span says beside its content is not to
 * outweigh it. Each part is there only where there is something to say.
 */
import type { Json } from "../ingestion/event.ts";
import { toAttributes, toObject, toText } from "./attributes.ts";
import { leftEvents } from "./content-left.ts";
import { isException } from "./exception.ts";
import { isJsonObject, type JsonObject, setOwn } from "./safe-json.ts";
import type { SpanFacts } from "./span-facts.ts";
import { instantOfNanos } from "./span-times.ts";

/** As many as OpenTelemetry's SDKs keep of a span by default: https://opentelemetry.io/docs/specs/otel/trace/sdk/#span-limits (read 2026-11-28). */
export const eventsMax = 128;
export const linksMax = 128;
/** Characters of JSON, of the events and of the links. */
export const charactersMax = 262_144;
/** Characters of one text in them, as of a stack trace. */
export const textCharactersMax = 65_536;

/** 0 unspecified and 1 internal say nothing. */
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

/** OTLP's names for what a sender left out, here for what was left out of what it sent. */
const list = (name: string, droppedName: string, { kept, droppedCount }: Bounded): JsonObject => ({
  ...(kept.length === 0 ? {} : { [name]: kept }),
  ...(droppedCount === 0 ? {} : { [droppedName]: droppedCount }),
});

/** Those that come first are sure of a place; all stay in their order. */
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
