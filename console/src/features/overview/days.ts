/** Days in the reader's zone, and counts of quarters of an hour as sums of days. */

/** Begins of the last `count` days, today last, as milliseconds. */
export const lastDays = (nowMs: number, count: number): number[] => {
  const today = new Date(nowMs);
  // By the calendar: a day has 23 or 25 hours where the clocks change.
  return Array.from({ length: count }, (_, back) =>
    new Date(today.getFullYear(), today.getMonth(), today.getDate() - (count - 1 - back)).getTime(),
  );
};

/** The sum of a count of the buckets that begin in each day. `days`: begins, ascending. */
export const sumByDay = <Bucket extends { at: string }>(
  days: readonly number[],
  buckets: readonly Bucket[],
  countOf: (bucket: Bucket) => number,
): number[] => {
  const sums = days.map(() => 0);
  for (const bucket of buckets) {
    const day = days.findLastIndex((begin) => begin <= Date.parse(bucket.at));
    if (day !== -1) sums[day] = (sums[day] ?? 0) + countOf(bucket);
  }
  return sums;
};
