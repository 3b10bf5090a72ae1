/** Tells JSON objects from all other values. */
import { isExactNumber } from "./exact-json.ts";

/** Not null, no list, and no number that is kept as text. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !isExactNumber(value);
