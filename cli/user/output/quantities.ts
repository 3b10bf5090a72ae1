/** Quantities for people: counts, bytes, durations, and instants as ages. */
const counts = new Intl.NumberFormat("en");
const units = ["B", "kB", "MB", "GB", "TB", "PB"];

export const formatCount = (count: number): string => counts.format(Math.round(count));

/** Powers of 1000, three digits: `1.25 MB`. */
export const formatBytes = (bytes: number): string => {
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 ? String(Math.round(value)) : value.toPrecision(3)} ${units[power] ?? ""}`;
};

/** `8 s`, `4 min 10 s`, `2 h 5 min`, `3 d 4 h`. */
export const formatSeconds = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
};

/** `3 min 5 s ago`, `in 23 h 2 min`, `never`. */
export const formatDistance = (instant: string | null | undefined, nowMs: number): string => {
  if (instant === null || instant === undefined) return "never";
  const seconds = (nowMs - Date.parse(instant)) / 1000;
  return seconds < 0 ? `in ${formatSeconds(-seconds)}` : `${formatSeconds(seconds)} ago`;
};
