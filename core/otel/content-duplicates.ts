/**
 * Whether content that one convention carries is already in what was taken from another: instrumentations often send the same messages
 * twice, in another shape. What is contained is not stored again.
 */
import type { Json } from "../ingestion/event.ts";
import { toText } from "./attributes.ts";
import { isJsonObject, parseJson } from "./safe-json.ts";

/** The texts of values, and their numbers and booleans under the field they stand in. */
export type Leaves = ReadonlySet<string>;

/** JSON text within JSON text, as arguments of tools within messages within a request. */
const textLevelsMax = 4;
/** Of one side. What is beyond counts as not taken, and what repeats it is stored twice: memory is bounded, nothing is lost. */
const leavesMax = 100_000;

/** Words of the shape of a message: another shape may go without them. */
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

/** `field`: the name the value stands under. Empty and null values are contained in everything. */
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

/** Whether every text of the value stands somewhere in JSON text, as it does when texts were joined; `false` where the value holds anything else. */
export const isQuotedIn = (value: Json, jsonText: string, field = ""): boolean => {
  if (value === "" || value === null || shapeWords.get(field)?.has(value) === true) return true;
  if (typeof value === "string") return jsonText.includes(JSON.stringify(value).slice(1, -1));
  if (Array.isArray(value)) return value.every((item) => isQuotedIn(item, jsonText, field));
  return isJsonObject(value) && Object.entries(value).every(([key, item]) => isQuotedIn(item, jsonText, key));
};

/** Text cannot begin with NUL here: such text is not stored. */
const scalar = (field: string, value: Json): string => `\0${field}=${toText(value)}`;

/** The value of text that looks like a JSON object, list or text. */
const parsedText = (text: string): Json | undefined => (/^\s*[[{"]/.test(text) ? parseJson(text) : undefined);
