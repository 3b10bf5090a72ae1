/**
 * Parses JSON from attributes, which anyone may have written. Never throws, never reaches a prototype, and bounds the nesting. Numbers keep
 * every digit (see exact-json.ts).
 */
import { isExactNumber, parsePythonJson } from "../exact-json.ts";
import type { Json } from "../ingestion/event.ts";

export type JsonObject = { [key: string]: Json };

const levelsMax = 100;

export const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !isExactNumber(value);

/** Sets an own field and ignores `__proto__`. */
export const setOwn = <Value>(object: { [key: string]: Value }, key: string, value: Value): void => {
  if (key !== "__proto__") object[key] = value;
};

/** Parses JSON text and removes every `__proto__` field; undefined if it is not JSON or nests deeper than 100 levels. */
export const parseJson = (text: string): Json | undefined => {
  try {
    return withoutProto(parsed(text), 0);
  } catch {
    return undefined;
  }
};

/** Parses text and returns any other value unchanged. Text that is not JSON gives undefined. */
export const parseIfText = (value: Json | undefined): Json | undefined => (typeof value === "string" ? parseJson(value) : value);

export const parseObject = (value: Json | undefined): JsonObject | undefined => {
  const parsed = parseIfText(value);
  return isJsonObject(parsed) ? parsed : undefined;
};

export const parseArray = (value: Json | undefined): Json[] | undefined => {
  const parsed = parseIfText(value);
  return Array.isArray(parsed) ? parsed : undefined;
};

/** Holds because the value was parsed from JSON. */
const parsed = (text: string): Json => parsePythonJson(text) as Json;

const withoutProto = (value: Json, level: number): Json => {
  if (typeof value !== "object" || value === null || isExactNumber(value)) return value;
  if (level > levelsMax) throw new RangeError("nested too deep");
  if (Array.isArray(value)) return value.map((item) => withoutProto(item, level + 1));
  const object: JsonObject = {};
  for (const [key, item] of Object.entries(value)) setOwn(object, key, withoutProto(item, level + 1));
  return object;
};
