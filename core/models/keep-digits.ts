/** A reviver for JSON.parse that keeps every digit of a number. */
import { plainDecimal } from "./decimal.ts";

/** Keeps a number as text if a double would round it. `source` is its original text, which ECMAScript passes to revivers. */
const keepDigits = (_key: string, value: unknown, { source = "" }: { source?: string }): unknown =>
  typeof value === "number" && plainDecimal(source) !== plainDecimal(String(value)) ? source : value;

/** TypeScript's library does not know the third argument yet. */
export const digitKeeper = keepDigits as (key: string, value: unknown) => unknown;
