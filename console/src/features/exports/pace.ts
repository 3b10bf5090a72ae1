/** How fast an export advances, from what was seen of it. Rows arrive in lumps, so the pace is taken between changes and smoothed. */

export type Pace = { atMs: number; rows: number; bytes: number; rowsPerSecond: number | null; bytesPerSecond: number | null };

/** Weight of what is newer than this is two thirds. */
const memorySeconds = 8;

/** The pace after one more look. The first look knows none; one that shows fewer rows is of a new attempt and begins anew. */
export const nextPace = (before: Pace | undefined, seen: { atMs: number; rows: number; bytes: number }): Pace => {
  if (before === undefined || seen.rows < before.rows) return { ...seen, rowsPerSecond: null, bytesPerSecond: null };
  const seconds = (seen.atMs - before.atMs) / 1000;
  if (seen.rows === before.rows || seconds <= 0) return before;
  const weight = 1 - Math.exp(-seconds / memorySeconds);
  const smooth = (old: number | null, fresh: number) => (old === null ? fresh : old + weight * (fresh - old));
  return {
    ...seen,
    rowsPerSecond: smooth(before.rowsPerSecond, (seen.rows - before.rows) / seconds),
    bytesPerSecond: smooth(before.bytesPerSecond, Math.max(0, seen.bytes - before.bytes) / seconds),
  };
};

/** Seconds until all rows are read; null while nobody knows. */
export const secondsLeft = (pace: Pace | undefined, rowsTotal: number | null, nowMs: number): number | null =>
  pace === undefined || pace.rowsPerSecond === null || pace.rowsPerSecond <= 0 || rowsTotal === null
    ? null
    : Math.max(0, (rowsTotal - pace.rows) / pace.rowsPerSecond - (nowMs - pace.atMs) / 1000);

/** In steps that do not flicker: `under 5 s left`, `about 20 s left`, `about 3 min left`. */
export const leftText = (seconds: number): string => {
  if (seconds < 5) return "under 5 s left";
  if (seconds < 55) return `about ${Math.ceil(seconds / 5) * 5} s left`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `about ${Math.max(1, minutes)} min left` : `about ${Math.round(minutes / 60)} h left`;
};
