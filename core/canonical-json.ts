/** One canonical text for all JSON texts with the same meaning: sorted keys, numbers as JavaScript writes them (as in RFC 8785). */
import { isExactNumber } from "./exact-json.ts";

/**
 * Encodes a value made by JSON.parse or a schema. `1` and `1.0` are the same number, unless exact; an undefined property counts as absent.
 */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null || isExactNumber(value)) return JSON.stringify(value) ?? "null";
  // Builds text, not an object: keys such as __proto__ or 1 would not keep their order.
  const pairs = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`);
  return `{${pairs.join(",")}}`;
};
