/** Tells JSON objects from all other values. */
import { isExactNumber } from "./exact-json.ts";

/** False for null, lists and exact numbers. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !isExactNumber(value);
