/** One spelling for all JSON texts that mean the same: keys in order, numbers as JavaScript writes them (as in RFC 8785). */
import { isExactNumber } from "./exact-json.ts";

/** The text of a value that JSON.parse or a schema has made. `1` and `1.0` are one number, but for exact ones; an undefined property is one that is not there. */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null || isExactNumber(value)) return JSON.stringify(value) ?? "null";
  // Text is built and no object: a key such as __proto__ or 1 would not stay where it was put.
  const pairs = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`);
  return `{${pairs.join(",")}}`;
};
