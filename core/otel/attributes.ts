/**
 * OpenTelemetry, mapping: attributes as plain values, and the lookups the mappers use. A Map, so that no name has a special meaning in
 * JavaScript.
 */
import { isExactNumber, plainNumber } from "../exact-json.ts";
import type { Json } from "../ingestion/event.ts";
import type { AnyValue, KeyValue } from "./otlp-traces.ts";
import { isJsonObject, parseObject, setOwn } from "./safe-json.ts";

export type Attributes = ReadonlyMap<string, Json>;

/** The last of duplicate names wins. An empty value counts as not sent. */
export const toAttributes = (pairs: readonly KeyValue[]): Attributes => {
  const attributes = new Map<string, Json>();
  for (const { key, value } of pairs) {
    const plain = plainValue(value);
    if (plain !== undefined) attributes.set(key, plain);
  }
  return attributes;
};

/** Integers beyond the safe range stay decimal text; bytes are base64. */
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

/** False for null, an empty string, an empty list and an empty object. */
export const isMeaningful = (value: Json | undefined): value is Json => {
  if (value === undefined || value === null || value === "") return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== "object" || isExactNumber(value) || Object.keys(value).length > 0;
};

/** Returns strings unchanged and everything else as JSON. */
export const toText = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Returns the value of the first name that has a meaningful one. */
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

/** Python writes a boolean as `True`; others write 1. */
export const isTrue = (value: Json | undefined): boolean =>
  value === true || value === 1 || (typeof value === "string" && /^(true|1)$/i.test(value.trim()));

/** Returns a number, also from text. */
export const toNumber = (value: Json | undefined): number | undefined => {
  if (typeof value === "string" && value.trim() === "") return undefined;
  const plain = plainNumber(value);
  const number = typeof plain === "number" || typeof plain === "string" ? Number(plain) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
};

/** Returns all attributes as one object. */
export const toObject = (attributes: Attributes): { [key: string]: Json } => {
  const object: { [key: string]: Json } = {};
  for (const [name, value] of attributes) setOwn(object, name, value);
  return object;
};

/** Returns the attributes whose names begin with `prefix`, with the prefix removed. */
export const below = (attributes: Attributes, prefix: string): [string, Json][] => {
  const found: [string, Json][] = [];
  for (const [name, value] of attributes) {
    if (name.length > prefix.length && name.startsWith(prefix)) found.push([name.slice(prefix.length), value]);
  }
  return found;
};

/** Returns an object that is in one attribute, as a map or JSON text, or in an attribute for each of its fields. */
export const objectAt = (attributes: Attributes, name: string): { [key: string]: Json } | undefined => {
  const whole = parseObject(attributes.get(name));
  if (whole !== undefined && isMeaningful(whole)) return whole;
  const fields = below(attributes, `${name}.`);
  return fields.length === 0 ? undefined : toObject(new Map(fields));
};

/** Returns an own field of an object. */
export const fieldOf = (value: Json | undefined, name: string): Json | undefined =>
  isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
