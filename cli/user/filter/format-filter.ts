/** A filter of the API as a person would type it, for `export show`. parse-filter.ts and type-filter.ts read it back as the same filter. */
import type { ApiFilter } from "./type-filter.ts";

/** Needs no quotes as a value of any column. */
const isPlain = (text: string): boolean => /^[A-Za-z_][\w./:@-]*$/.test(text) && !/^(and|or|now.*)$/i.test(text);
const quote = (text: string): string => (isPlain(text) ? text : JSON.stringify(text));

const writeValue = (value: unknown): string => {
  if (Array.isArray(value)) return ` (${value.map((one) => quote(String(one))).join(", ")})`;
  return typeof value === "string" ? ` ${quote(value)}` : ` ${String(value)}`;
};

export const formatFilter = ({ type, column, key, operator, value }: ApiFilter): string => {
  const place = key === undefined ? column : `${column}[${JSON.stringify(key)}]`;
  if (type === "null") return `${place} ${operator}`;
  if (type === "datetime") return `${place} ${operator} ${String(value)}`;
  return `${place} ${operator === "<>" ? "!=" : operator}${writeValue(value)}`;
};
