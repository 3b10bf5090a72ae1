/** How a side of a span's content is read from its attributes: what every convention's reader is, and the readers that several share. */
import type { Json } from "../ingestion/event.ts";
import { type Attributes, below, fieldOf, isMeaningful } from "./attributes.ts";
import { nestedAttribute } from "./nested-attributes.ts";
import type { SpanEvent } from "./otlp-traces.ts";
import { isJsonObject, parseJson } from "./safe-json.ts";
import type { SpanFacts } from "./span-facts.ts";

export type Side = "input" | "output";

/** A value, and which attributes of the span and of its events are in it. */
export type Found = {
  value: Json | undefined;
  /** Attributes of the span that are in the value as a whole. */
  names?: readonly string[];
  /** Attributes of the span of which a part is in the value: what else they hold is kept. */
  partsOf?: readonly string[];
  /** Events, and their attributes that are in the value. */
  events?: ReadonlyMap<SpanEvent, readonly string[]>;
};

export type Reader = {
  /** Every attribute of a span that may hold content; `llm.tools.*` means all names below. */
  names: readonly string[];
  /** Every event that may hold content. */
  eventNames?: readonly string[];
  read: (facts: SpanFacts) => Found | undefined;
};

/** The first of the names that has a meaningful value. */
export const first = (...names: string[]): Reader => ({
  names,
  read: ({ attributes }) => {
    const name = names.find((one) => isMeaningful(attributes.get(one)));
    return name === undefined ? undefined : { value: attributes.get(name), names: [name] };
  },
});

/** Text that a sender wrote as JSON, or a list of such texts, as the values they stand for. */
export const unwrapped = (...names: string[]): Reader => {
  const { read } = first(...names);
  const unwrap = (value: Json): Json => (typeof value === "string" ? (parseJson(value) ?? value) : value);
  return {
    names,
    read: (facts) => {
      const found = read(facts);
      const value = found?.value;
      return value === undefined ? undefined : { ...found, value: Array.isArray(value) ? value.map(unwrap) : unwrap(value) };
    },
  };
};

/** The attribute itself, else the fields below it as one value. */
export const nestedFound = (attributes: Attributes, prefix: string): Found | undefined => {
  const value = nestedAttribute(attributes, prefix);
  if (!isMeaningful(value)) return undefined;
  const isWhole = isMeaningful(attributes.get(prefix));
  return { value, names: isWhole ? [prefix] : below(attributes, `${prefix}.`).map(([rest]) => `${prefix}.${rest}`) };
};

/** `notContent`: names below the prefix that are something else. */
export const nested = (prefix: string, toValue: (value: Json) => Json = (value) => value, notContent: readonly string[] = []): Reader => ({
  names: [prefix, `${prefix}.*`],
  read: ({ attributes }) => {
    const found = nestedFound(without(attributes, notContent), prefix);
    return found?.value === undefined ? undefined : { ...found, value: toValue(found.value) };
  },
});

const without = (attributes: Attributes, names: readonly string[]): Attributes =>
  names.some((name) => attributes.has(name)) ? new Map([...attributes].filter(([name]) => !names.includes(name))) : attributes;

export const onlyIf = (isAsked: (facts: SpanFacts) => boolean, reader: Reader): Reader => ({
  ...reader,
  read: (facts) => (isAsked(facts) ? reader.read(facts) : undefined),
});

/** The first reader that yields something. */
export const either = (...readers: Reader[]): Reader => ({
  names: readers.flatMap(({ names }) => names),
  read: (facts) => {
    for (const { read } of readers) {
      const found = read(facts);
      if (isMeaningful(found?.value)) return found;
    }
    return undefined;
  },
});

/** `[{ document: { id, content } }]` as `[{ id, content }]`; an item that holds more stays as it is. */
export const inner =
  (field: string) =>
  (value: Json): Json =>
    Array.isArray(value)
      ? value.map((item) => (isJsonObject(item) && Object.keys(item).length === 1 ? (fieldOf(item, field) ?? item) : item))
      : value;
