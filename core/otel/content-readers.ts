/** OpenTelemetry, mapping: readers of a span's input and output. Defines the type and the readers that several conventions share. */
import type { Json } from "../ingestion/event.ts";
import { type Attributes, below, fieldOf, isMeaningful } from "./attributes.ts";
import { nestedAttribute } from "./nested-attributes.ts";
import type { SpanEvent } from "./otlp-traces.ts";
import { isJsonObject, parseJson } from "./safe-json.ts";
import type { SpanFacts } from "./span-facts.ts";

export type Side = "input" | "output";

/** A value, and the attributes of the span and of its events that it contains. */
export type Found = {
  value: Json | undefined;
  /** Span attributes wholly contained in the value. */
  names?: readonly string[];
  /** Span attributes partly contained in the value; the rest of them is kept. */
  partsOf?: readonly string[];
  /** Events with those of their attributes that the value contains. */
  events?: ReadonlyMap<SpanEvent, readonly string[]>;
};

export type Reader = {
  /** Every span attribute that may hold content; `llm.tools.*` means all names below. */
  names: readonly string[];
  /** Every event that may hold content. */
  eventNames?: readonly string[];
  read: (facts: SpanFacts) => Found | undefined;
};

/** Reads the first name that has a meaningful value. */
export const first = (...names: string[]): Reader => ({
  names,
  read: ({ attributes }) => {
    const name = names.find((one) => isMeaningful(attributes.get(one)));
    return name === undefined ? undefined : { value: attributes.get(name), names: [name] };
  },
});

/** Parses text that is JSON, or a list of such texts, into the values. */
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

/** Returns the attribute itself, else the fields below it as one value. */
export const nestedFound = (attributes: Attributes, prefix: string): Found | undefined => {
  const value = nestedAttribute(attributes, prefix);
  if (!isMeaningful(value)) return undefined;
  const isWhole = isMeaningful(attributes.get(prefix));
  return { value, names: isWhole ? [prefix] : below(attributes, `${prefix}.`).map(([rest]) => `${prefix}.${rest}`) };
};

/** `notContent` lists names below the prefix that hold something else. */
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

/** Returns the result of the first reader that finds something. */
export const either = (...readers: Reader[]): Reader => ({
  names: readers.flatMap(({ names }) => names),
  eventNames: readers.flatMap(({ eventNames = [] }) => eventNames),
  read: (facts) => {
    for (const { read } of readers) {
      const found = read(facts);
      if (isMeaningful(found?.value)) return found;
    }
    return undefined;
  },
});

/** Turns `[{ document: { id, content } }]` into `[{ id, content }]`; an item with more fields stays unchanged. */
export const inner =
  (field: string) =>
  (value: Json): Json =>
    Array.isArray(value)
      ? value.map((item) => (isJsonObject(item) && Object.keys(item).length === 1 ? (fieldOf(item, field) ?? item) : item))
      : value;
