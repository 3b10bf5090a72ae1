/** Prices as people compare them: USD for a million units, as makers' price lists have it. */

/** Enough for every digit of a price that a double holds. */
const digits = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: 12 });

/** `$2.50` for 0.0000025 USD per unit. */
export const perMillion = (price: number): string => digits.format(Number((price * 1_000_000).toPrecision(15)));

/** The same price per unit with all of its digits, without an exponent. */
export const perUnit = (price: number): string =>
  `$${price.toLocaleString("en-US", { useGrouping: false, maximumFractionDigits: 20 })} per unit`;

/**
 * USD per unit for an amount that was typed per million, as decimal text: `2.5` becomes `0.0000025`. Undefined where it is no amount: commas
 * stand between groups of three digits only, since `2,50` would become 250.
 */
export const unitPriceOf = (typed: string): string | undefined => {
  const [, digits = "", fraction = ""] = /^\$?\s*(\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(?:\.(\d{1,12}))?$/.exec(typed.trim()) ?? [];
  const whole = digits.replaceAll(",", "");
  if (whole === "") return undefined;
  const shifted = `${whole.padStart(7, "0")}${fraction}`;
  const at = shifted.length - fraction.length - 6;
  const text = `${shifted.slice(0, at).replace(/^0+(?=\d)/, "")}.${shifted.slice(at)}`.replace(/\.?0+$/, "");
  return text === "" ? "0" : text;
};

/** A pattern that matches one name, in any case. */
export const patternOf = (name: string): string => `(?i)^${name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`;
