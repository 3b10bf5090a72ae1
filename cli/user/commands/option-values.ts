/** How the values of options are read. A wrong one is a usage error that names the option. */
import { InvalidArgumentError } from "@commander-js/extra-typings";

export const wholeNumber =
  ({ min = 0, max = 999_999_999 }: { min?: number; max?: number } = {}) =>
  (value: string): number => {
    const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= min && number <= max)) throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    return number;
  };

/** For options that can be repeated. */
export const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

/** Names separated by commas. */
export const commaList = (value: string): string[] =>
  value
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");

/** As `commaList`, of known names. */
export const namesAmong =
  <Name extends string>(known: readonly Name[]) =>
  (value: string): Name[] =>
    commaList(value).map((one) => {
      const name = known.find((other) => other === one);
      if (name === undefined) throw new InvalidArgumentError(`${JSON.stringify(one)} is none of ${known.join(", ")}.`);
      return name;
    });

/** `NAME=VALUE`; the value may hold further equal signs. */
export const namedValue = (text: string): [string, string] => {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It must be NAME=VALUE.");
  return [text.slice(0, at), text.slice(at + 1)];
};

/** As `collect`, of pairs. */
export const collectNamed = (value: string, before: [string, string][] | undefined): [string, string][] => [
  ...(before ?? []),
  namedValue(value),
];
