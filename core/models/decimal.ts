/**
 * Models: exact integer arithmetic for money and counts. USD in units of 1e-12, counts up to UInt64. Values outside a column's range are
 * clamped.
 */
import { decimalText } from "../query/filters/bounds.ts";

/** A decimal of any precision: `units` × 10^-`scale`. */
export type Decimal = { units: bigint; scale: number };

/** Decimals of a cost column. */
const costScale = 12;
/** Largest Decimal64(12): 999999.999999999999. */
const costUnitsMax = 10n ** 18n - 1n;
const countMax = 2n ** 64n - 1n;
/** Bounds the work of parsing; no real price is longer. */
const digitsMax = 100;

const clamp = (value: bigint, least: bigint, greatest: bigint): bigint => (value < least ? least : value > greatest ? greatest : value);

/** Rounds half away from zero, as invoices do. */
const divideRounded = (dividend: bigint, divisor: bigint): bigint =>
  (dividend < 0n ? dividend - divisor / 2n : dividend + divisor / 2n) / divisor;

/** Parses `12`, `-0.5`, `.5`, `1e-7`; undefined if the text is not a decimal. */
export const parseDecimal = (text: string): Decimal | undefined => {
  const [, sign = "", whole = "", fraction = "", exponentText = "0"] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,4}))?$/.exec(text.trim()) ?? [];
  const digits = whole + fraction;
  const exponent = Number(exponentText);
  if (digits === "" || digits.length > digitsMax || Math.abs(exponent) > digitsMax) return undefined;
  const magnitude = BigInt(digits);
  const units = sign === "-" ? -magnitude : magnitude;
  const scale = fraction.length - exponent;
  return scale >= 0 ? { units, scale } : { units: units * 10n ** BigInt(-scale), scale: 0 };
};

const costUnits = ({ units, scale }: Decimal): bigint => {
  const exact = scale <= costScale ? units * 10n ** BigInt(costScale - scale) : divideRounded(units, 10n ** BigInt(scale - costScale));
  return clamp(exact, -costUnitsMax, costUnitsMax);
};

/** Returns units of 1e-12 USD; undefined if the text is not a decimal. */
export const parseCost = (text: string): bigint | undefined => {
  const decimal = parseDecimal(text);
  return decimal === undefined ? undefined : costUnits(decimal);
};

/** Returns `count` × `price` in units of 1e-12 USD, rounded once and only if the price has more than 12 decimals. */
export const costOf = (count: bigint, price: Decimal): bigint => costUnits({ units: count * price.units, scale: price.scale });

/** Clamps the sum once, at the end. */
export const sumOfCosts = (costs: readonly bigint[]): bigint =>
  clamp(
    costs.reduce((sum, cost) => sum + cost, 0n),
    -costUnitsMax,
    costUnitsMax,
  );

/** Plain digits for a Decimal(18, 12) column. */
export const costText = (units: bigint): string => decimalText(units, costScale);

/** Clamps a count to a UInt64 column. */
export const clampCount = (count: bigint): bigint => clamp(count, 0n, countMax);

/** Converts a JSON number to a count; a non-finite number counts as 0. */
export const countFromNumber = (value: number): bigint => (Number.isFinite(value) ? clampCount(BigInt(Math.trunc(value))) : 0n);

/** Converts USD per million tokens to USD per token, both as text: `2.50` to `0.0000025`. */
export const perMillion = (usd: string): string => {
  const decimal = parseDecimal(usd);
  if (decimal === undefined) throw new RangeError(`not a decimal: ${usd}`);
  return plainText({ ...decimal, scale: decimal.scale + 6 });
};

const plainText = ({ units, scale }: Decimal): string => {
  const text = decimalText(units, scale);
  return scale === 0 ? text : text.replace(/\.?0+$/, "");
};

/**
 * Returns one canonical spelling per value, without exponent or needless zeros: `2.50e-6` as `0.0000025`; undefined if the text is not a
 * decimal.
 */
export const plainDecimal = (text: string): string | undefined => {
  const decimal = parseDecimal(text);
  return decimal === undefined ? undefined : plainText(decimal);
};
