/** Texts of values that are no plain text. */

/** Digits as they came, without zeros at the end of a fraction: `$0.00123`. */
export const digitsText = (digits: string, unit: string | null): string => {
  const text = digits.includes(".") && !/e/i.test(digits) ? digits.replace(/\.?0+$/, "") : digits;
  if (unit === "USD") return text.startsWith("-") ? `-$${text.slice(1)}` : `$${text}`;
  return unit === null ? text : `${text} ${unit}`;
};

/** A map of names and short values: `input 12, output 3`. Anything else as JSON. */
export const compactMap = (value: unknown): string => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return JSON.stringify(value);
  return Object.entries(value)
    .map(([key, one]) => `${key} ${typeof one === "string" ? one : JSON.stringify(one)}`)
    .join(", ");
};
