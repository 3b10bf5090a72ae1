/**
 * Bounds of comparisons as exact integers. A stored number lies on a grid (12 decimals of a cost, microseconds of an instant);
 * a bound between two points of it is moved to the point below and the sign follows, so nothing is rounded to another meaning.
 */

export type Sign = "=" | ">" | "<" | ">=" | "<=";
/** `units` of the grid. `never` is equality with a value that lies between two points. */
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

/** Beyond every value a column can hold, and still a Decimal(38). */
const unitsMax = 10n ** 37n;

/** The shortest decimal that names the number, as the caller wrote it, in units of 10^-scale. */
export const numberBound = (sign: Sign, value: number, scale: number): GridBound => {
  const [, minus = "", whole = "0", fraction = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  const coefficient = BigInt(`${minus}${whole}${fraction}`);
  const shift = Number(exponent) - fraction.length + scale;
  if (shift >= 0) return snap(sign, clamp(coefficient * 10n ** BigInt(shift), -unitsMax, unitsMax), true);
  const divisor = 10n ** BigInt(-shift);
  return snap(sign, clamp(floorDivide(coefficient, divisor), -unitsMax, unitsMax), coefficient % divisor === 0n);
};

/** Units of 10^-scale as plain digits. */
export const decimalText = (units: bigint, scale: number): string => {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, "0");
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return units < 0n ? `-${text}` : text;
};

/** What DateTime64(6) can hold: 1900 to the end of 2299. */
const instantMin = BigInt(Date.UTC(1900, 0, 1)) * 1000n;
const instantMax = BigInt(Date.UTC(2300, 0, 1)) * 1000n - 1n;

/** An ISO 8601 instant with zone in microseconds since the epoch; finer digits move the bound as any other value between two points. */
export const instantBound = (sign: Sign, instant: string): GridBound => {
  const [, upToSecond = "", fraction = "", zone = ""] = /^(.*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(instant) ?? [];
  const micros = BigInt(Date.parse(`${upToSecond}${zone}`)) * 1000n + BigInt(fraction.slice(0, 6).padEnd(6, "0"));
  return snap(sign, clamp(micros, instantMin, instantMax), !/[1-9]/.test(fraction.slice(6)));
};
