/** Reads the state of a page from its URL. Whatever does not fit is left out, because links are edited by hand. */

type Search = Record<string, unknown>;

export const oneOf = <Value extends string>(search: Search, name: string, values: readonly Value[]): Value | undefined =>
  values.find((value) => value === search[name]);

/** Of at most so many characters. */
export const textOf = (search: Search, name: string, lengthMax = 2000): string | undefined => {
  const value = search[name];
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && text !== "" && text.length <= lengthMax ? text : undefined;
};
