/**
 * Bounds of comparisons as exact integers. Stored numbers lie on a grid (12 decimals of a cost, microseconds of an instant). A bound
 * between two grid points moves to the lower point and its sign changes to match, so that rounding never changes the meaning.
 */

export type Sign = "=" | ">" | "<" | ">=" | "<=";
/** `units` are grid steps. `never` is equality with a value between two grid points. */
type GridBound = { sign: Sign; units: bigint } | "never";

const snap = (sign: Sign, below: bigint, isExact: boolean): GridBound => {
  if (isExact) return { sign, units: below };
  if (sign === "=") return "never";
  return { sign: sign.startsWith(">") ? ">" : "<=", units: below };
};

const floorDivide = (dividend: bigint, divisor: bigint): bigint => {
  const quotient = dividend / divisor;
  return dividend % divisor < 0n ? quotient - 1n : quotient;
};

const clamp = (units: bigint, least: bigint, greatest: bigint): bigint => (units < least ? least : units > greatest ? greatest : units);

/** Larger than every value a column can hold, and still a Decimal(38). */
const unitsMax = 10n ** 37n;

/** Converts a number, by its shortest decimal form, to units of 10^-scale. */
export const numberBound = (sign: Sign, value: number, scale: number): GridBound => {
  const [, minus = "", whole = "0", fraction = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  const coefficient = BigInt(`${minus}${whole}${fraction}`);
  const shift = Number(exponent) - fraction.length + scale;
  if (shift >= 0) return snap(sign, clamp(coefficient * 10n ** BigInt(shift), -unitsMax, unitsMax), true);
  const divisor = 10n ** BigInt(-shift);
  return snap(sign, clamp(floorDivide(coefficient, divisor), -unitsMax, unitsMax), coefficient % divisor === 0n);
};

/** Formats units of 10^-scale as a plain decimal. */
export const decimalText = (units: bigint, scale: number): string => {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, "0");
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return units < 0n ? `-${text}` : text;
};

/** Range of DateTime64(6): 1900 to the end of 2299. */
const instantMin = BigInt(Date.UTC(1900, 0, 1)) * 1000n;
const instantMax = BigInt(Date.UTC(2300, 0, 1)) * 1000n - 1n;

/**
 * Converts an ISO 8601 instant with zone to microseconds since the epoch. Finer digits move the bound like any other value between two grid
 * points.
 */
export const instantBound = (sign: Sign, instant: string): GridBound => {
  const [, upToSecond = "", fraction = "", zone = ""] = /^(.*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(instant) ?? [];
  const micros = BigInt(Date.parse(`${upToSecond}${zone}`)) * 1000n + BigInt(fraction.slice(0, 6).padEnd(6, "0"));
  return snap(sign, clamp(micros, instantMin, instantMax), !/[1-9]/.test(fraction.slice(6)));
};
