/** Attributes of OpenTelemetry as plain values, and the ways the mappers look them up. A Map, so that no name means anything to JavaScript. */
import { isExactNumber, plainNumber } from "../exact-json.ts";
import type { Json } from "../ingestion/event.ts";
import type { AnyValue, KeyValue } from "./otlp-traces.ts";
import { isJsonObject, setOwn } from "./safe-json.ts";

export type Attributes = ReadonlyMap<string, Json>;

/** A name twice: the later wins. A value that was sent empty counts as not sent. */
export const toAttributes = (pairs: readonly KeyValue[]): Attributes => {
  const attributes = new Map<string, Json>();
  for (const { key, value } of pairs) {
    const plain = plainValue(value);
    if (plain !== undefined) attributes.set(key, plain);
  }
  return attributes;
};

/** Integers beyond the exact range of a number stay decimal text; bytes are base64. */
const plainValue = (value: AnyValue): Json | undefined => {
  if ("stringValue" in value) return value.stringValue;
  if ("boolValue" in value) return value.boolValue;
  if ("intValue" in value) return Number.isSafeInteger(Number(value.intValue)) ? Number(value.intValue) : value.intValue;
  if ("doubleValue" in value) return value.doubleValue;
  if ("bytesValue" in value) return value.bytesValue;
  if ("arrayValue" in value) return value.arrayValue.values.map((item) => plainValue(item) ?? null);
  if ("kvlistValue" in value) {
    const object: { [key: string]: Json } = {};
    for (const { key, value: item } of value.kvlistValue.values) setOwn(object, key, plainValue(item) ?? null);
    return object;
  }
  return undefined;
};

/** Not null, empty text, an empty list or an empty object. */
export const isMeaningful = (value: Json | undefined): value is Json => {
  if (value === undefined || value === null || value === "") return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== "object" || isExactNumber(value) || Object.keys(value).length > 0;
};

/** Text as it is, everything else as JSON. */
export const toText = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value));

/** The first of the names that has a meaningful value. */
export const firstValue = (attributes: Attributes, names: readonly string[]): Json | undefined => {
  for (const name of names) {
    const value = attributes.get(name);
    if (isMeaningful(value)) return value;
  }
  return undefined;
};

export const firstText = (attributes: Attributes, names: readonly string[]): string | undefined => {
  const value = firstValue(attributes, names);
  return value === undefined ? undefined : toText(value);
};

export const isTrue = (value: Json | undefined): boolean => value === true || value === "true";

/** A number, also where it came as text. */
export const toNumber = (value: Json | undefined): number | undefined => {
  if (typeof value === "string" && value.trim() === "") return undefined;
  const plain = plainNumber(value);
  const number = typeof plain === "number" || typeof plain === "string" ? Number(plain) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
};

/** All attributes as one object. */
export const toObject = (attributes: Attributes): { [key: string]: Json } => {
  const object: { [key: string]: Json } = {};
  for (const [name, value] of attributes) setOwn(object, name, value);
  return object;
};

/** The attributes whose names begin with `prefix`, without it. */
export const below = (attributes: Attributes, prefix: string): [string, Json][] => {
  const found: [string, Json][] = [];
  for (const [name, value] of attributes) {
    if (name.length > prefix.length && name.startsWith(prefix)) found.push([name.slice(prefix.length), value]);
  }
  return found;
};

/** A field of an object, its own only. */
export const fieldOf = (value: Json | undefined, name: string): Json | undefined =>
  isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
