/**
 * Metadata of several events as one: by key, objects recursively, arrays and everything else as a whole; null is a value.
 * A value that is no object stands under the key `metadata`. Names of the prototype are keys like any other. Recursion is as deep as the JSON.
 */
import { isExactNumber } from "../../exact-json.ts";
import type { Json } from "../event.ts";
import { payloadText, type TextMap, textMap } from "../rows.ts";

type JsonObject = { [key: string]: Json };

export const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !isExactNumber(value);

/** The last value; where it is an object, merged with the objects directly before it. */
const combine = (values: readonly Json[]): Json => {
  const objects = values.slice(values.findLastIndex((value) => !isJsonObject(value)) + 1).filter(isJsonObject);
  if (objects.length === 0) return values.at(-1) ?? null;
  if (objects.length === 1) return objects[0] ?? null;
  const byKey = new Map<string, Json[]>();
  for (const object of objects) {
    for (const [key, value] of Object.entries(object)) {
      const held = byKey.get(key);
      if (held === undefined) byKey.set(key, [value]);
      else held.push(value);
    }
  }
  const merged: JsonObject = Object.create(null);
  for (const [key, held] of byKey) merged[key] = combine(held);
  return merged;
};

const asObject = (value: Json): Json => (value === null || isJsonObject(value) ? value : { metadata: value });

/** Undefined is an event that does not name it; a null clears what was before it. */
export const mergeMetadata = (values: readonly (Json | undefined)[]): Json =>
  combine(values.flatMap((value) => (value === undefined ? [] : [asObject(value)])));

/** `Map(String, String)`: strings are kept, other values are their JSON. */
export const metadataMap = (metadata: Json | undefined): TextMap => {
  const object = asObject(metadata ?? null);
  return textMap(isJsonObject(object) ? Object.entries(object) : [], (value) => payloadText(value) ?? "null");
};
