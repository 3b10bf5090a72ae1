/**
 * Ingestion, merge: combines the metadata of events by key. Objects merge recursively, other values are replaced whole, null is a value; a
 * value that is not an object goes under `metadata`. Prototype names are ordinary keys. Recursion is as deep as the JSON.
 */
import { isExactNumber } from "../../exact-json.ts";
import type { Json } from "../event.ts";
import { payloadText, type TextMap, textMap } from "../rows.ts";

type JsonObject = { [key: string]: Json };

export const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !isExactNumber(value);

/** Returns the last value; if it is an object, merged with the objects directly before it. */
const combine = (values: readonly Json[]): Json => {
  const last = values.at(-1) ?? null;
  if (!isJsonObject(last)) return last;
  const start = values.findLastIndex((value) => !isJsonObject(value)) + 1;
  if (start === values.length - 1) return last;
  const byKey = new Map<string, Json | Several>();
  for (const object of values.slice(start))
    if (isJsonObject(object)) for (const key of Object.keys(object)) add(byKey, key, object[key] ?? null);
  const merged: JsonObject = Object.create(null);
  for (const [key, held] of byKey) merged[key] = held instanceof Several ? combine(held.objects) : held;
  return merged;
};

/** Objects still to be merged. Most keys have only one relevant value, which is stored bare. */
class Several {
  readonly objects: JsonObject[];
  constructor(objects: JsonObject[]) {
    this.objects = objects;
  }
}

const add = (byKey: Map<string, Json | Several>, key: string, value: Json): void => {
  const held = byKey.get(key);
  if (held instanceof Several && isJsonObject(value)) held.objects.push(value);
  else if (!(held instanceof Several) && isJsonObject(held) && isJsonObject(value)) byKey.set(key, new Several([held, value]));
  else byKey.set(key, value);
};

const asObject = (value: Json): Json => (value === null || isJsonObject(value) ? value : { metadata: value });

/** Undefined means the event does not name it; null clears everything before it. */
export const mergeMetadata = (values: readonly (Json | undefined)[]): Json =>
  combine(values.flatMap((value) => (value === undefined ? [] : [asObject(value)])));

/** Encodes for `Map(String, String)`: strings stay, other values become JSON. */
export const metadataMap = (metadata: Json | undefined): TextMap => {
  const object = asObject(metadata ?? null);
  return textMap(isJsonObject(object) ? Object.entries(object) : [], (value) => payloadText(value) ?? "null");
};
