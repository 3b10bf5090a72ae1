/** Texts of numbers. Counts are exact, with separators; bytes and durations are rounded for reading, and their exact value is a hint. */

const counts = new Intl.NumberFormat("en-US");
const decimals = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });

/** Of a number, or of digits that no number holds. */
export const countText = (count: number | bigint | string): string =>
  typeof count === "string" ? (/^-?\d+$/.test(count) ? counts.format(BigInt(count)) : count) : counts.format(count);

const byteUnits = ["bytes", "kB", "MB", "GB", "TB", "PB"] as const;

/** Of powers of 1,000, three digits: `1.23 MB`. */
export const bytesText = (bytes: number): string => {
  if (bytes < 1000) return bytes === 1 ? "1 byte" : `${counts.format(bytes)} bytes`;
  const power = Math.min(byteUnits.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${decimals.format(bytes / 1000 ** power)} ${byteUnits[power]}`;
};

const steps = [
  [86_400, "d", 3600, "h"],
  [3600, "h", 60, "min"],
  [60, "min", 1, "s"],
] as const;

/** `850 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`. */
export const durationText = (seconds: number): string => {
  if (seconds < 1) return `${Math.max(0, Math.round(seconds * 1000))} ms`;
  if (seconds < 59.95) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const [size, unit, smaller, smallUnit] = steps.find(([least]) => whole >= least) ?? [60, "min", 1, "s"];
  const rest = Math.floor((whole % size) / smaller);
  return rest === 0 ? `${Math.floor(whole / size)} ${unit}` : `${Math.floor(whole / size)} ${unit} ${rest} ${smallUnit}`;
};

/** `1 key`, `1,200 keys`. The plural is the noun with an s unless given. */
export const countOf = (count: number, noun: string, plural = `${noun}s`): string => `${countText(count)} ${count === 1 ? noun : plural}`;
