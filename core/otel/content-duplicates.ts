/**
 * OpenTelemetry, mapping: finds content of one convention that was already taken from another. Instrumentations often send the same
 * messages twice in different shapes; contained content is not stored again.
 */
import type { Json } from "../ingestion/event.ts";
import { toText } from "./attributes.ts";
import { isJsonObject, parseJson } from "./safe-json.ts";

/** The strings of the values, and their numbers and booleans under the field that holds them. */
export type Leaves = ReadonlySet<string>;

/** JSON text nested in JSON text, such as tool arguments in messages in a request. */
const textLevelsMax = 4;
/** Maximum per side. Values beyond it count as not taken and may be stored twice: memory is bounded, nothing is lost. */
const leavesMax = 100_000;

/** Words that belong to a message's shape; another shape may omit them. */
const shapeWords = new Map<string, ReadonlySet<Json>>([
  ["role", new Set<Json>(["system", "developer", "user", "assistant", "model", "tool", "function"])],
  ["type", new Set<Json>(["text", "message"])],
]);

export const leavesOf = (values: readonly (Json | undefined)[]): Leaves => {
  const leaves = new Set<string>();
  for (const value of values) if (value !== undefined) collect(value, "", 0, leaves);
  return leaves;
};

const collect = (value: Json, field: string, level: number, into: Set<string>): void => {
  if (into.size >= leavesMax) return;
  if (typeof value === "string") {
    into.add(value);
    const parsed = level < textLevelsMax ? parsedText(value) : undefined;
    if (parsed !== undefined) collect(parsed, field, level + 1, into);
  } else if (Array.isArray(value)) for (const item of value) collect(item, field, level, into);
  else if (isJsonObject(value)) for (const [key, item] of Object.entries(value)) collect(item, key, level, into);
  else into.add(scalar(field, value));
};

/** `field` is the name that holds the value. Empty and null values are contained in everything. */
export const isContained = (value: Json, leaves: Leaves, field = "", level = 0): boolean => {
  if (value === "" || value === null || shapeWords.get(field)?.has(value) === true) return true;
  if (typeof value === "string") {
    if (leaves.has(value)) return true;
    const parsed = level < textLevelsMax ? parsedText(value) : undefined;
    return parsed !== undefined && isContained(parsed, leaves, field, level + 1);
  }
  if (Array.isArray(value)) return value.every((item) => isContained(item, leaves, field, level));
  if (isJsonObject(value)) return Object.entries(value).every(([key, item]) => isContained(item, leaves, key, level));
  return leaves.has(scalar(field, value));
};

/**
 * Returns whether every string of the value occurs somewhere in the JSON text, as when texts were joined; false if the value holds anything
 * but strings.
 */
export const isQuotedIn = (value: Json, jsonText: string, field = ""): boolean => {
  if (value === "" || value === null || shapeWords.get(field)?.has(value) === true) return true;
  if (typeof value === "string") return jsonText.includes(JSON.stringify(value).slice(1, -1));
  if (Array.isArray(value)) return value.every((item) => isQuotedIn(item, jsonText, field));
  return isJsonObject(value) && Object.entries(value).every(([key, item]) => isQuotedIn(item, jsonText, key));
};

/** The NUL prefix keeps scalars apart from text: text that begins with NUL is not stored. */
const scalar = (field: string, value: Json): string => `\0${field}=${toText(value)}`;

/** Parses text that looks like a JSON object, list or string. */
const parsedText = (text: string): Json | undefined => (/^\s*[[{"]/.test(text) ? parseJson(text) : undefined);
