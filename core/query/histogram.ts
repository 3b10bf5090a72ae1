/** Histograms over the time of a table: the width of a bucket, and the instants they cover. Pure. */

/** Microseconds since 1970. */
export type HistogramRange = { fromUs: bigint; toUs: bigint; buckets: number };

/** Smallest whole number of seconds with which at most `buckets` buckets cover the range; the last one may reach beyond it. */
export const bucketSecondsOf = ({ fromUs, toUs, buckets }: HistogramRange): number => {
  const width = (toUs - fromUs + BigInt(buckets) - 1n) / BigInt(buckets);
  return Number((width + 999_999n) / 1_000_000n);
};

/** Number of buckets that cover the range. */
export const bucketCountOf = ({ fromUs, toUs }: HistogramRange, bucketSeconds: number): number => {
  const bucketUs = BigInt(bucketSeconds) * 1_000_000n;
  return Number((toUs - fromUs + bucketUs - 1n) / bucketUs);
};

/** Formats microseconds since 1970 as ISO 8601 UTC, without losing any. */
export const instantText = (us: bigint): string => {
  const micros = ((us % 1_000_000n) + 1_000_000n) % 1_000_000n;
  return `${new Date(Number((us - micros) / 1000n)).toISOString().slice(0, 19)}.${String(micros).padStart(6, "0")}Z`;
};
