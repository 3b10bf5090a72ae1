/** Usage: reads counts that clients sent. */
import { plainNumber } from "../exact-json.ts";

export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/**
 * Reads a whole number ≥ 0 or its text; a fraction and anything after the number are cut off. `1,234` and `1_234` are 1234. Returns
 * undefined for everything else.
 */
export const readCount = (given: unknown): number | undefined => {
  const value = plainNumber(given);
  if (typeof value === "number") return isCount(value) ? value + 0 : undefined;
  if (typeof value !== "string" || value.trim() === "") return undefined;
  const text = grouped.test(value) ? value.replaceAll(/(?<=\d)[,_](?=\d{3})/g, "") : value;
  const number = Number(text);
  const count = Number.isNaN(number) ? Number.parseInt(text, 10) : Math.trunc(number);
  return isCount(count) && !(number < 0) ? count + 0 : undefined;
};

/** Thousands with a separator, as texts for people have them. */
const grouped = /^\s*\+?[1-9]\d{0,2}([,_]\d{3}){1,5}(?![\d,_])/;
