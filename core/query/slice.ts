/** Slices: the bounded ranges of the sorting key in which an export is read. Pure; db/clickhouse/plan-export.ts does the counting. */

import type { Sql } from "./sql.ts";

/** Half-open ranges: time in microseconds since the epoch, and for crowded instants the 32-bit hash of the trace id. */
export type Slice = {
  startUs: number;
  endUs: number;
  hashStart: number;
  hashEnd: number;
  /** `rows` is counted by the plan; `bytes` estimates the uncompressed output. */
  rows: number;
  bytes: number;
};

export const hashEndMax = 2 ** 32;

/**
 * Estimated uncompressed MiB of a slice. Each smaller slice reads one or two granules too many; larger ones exceed what the server may hold
 * (docs/architecture.md).
 */
export const sliceMibDefault = 96;
export const sliceRowsMax = 100_000;

/**
 * Returns the smallest planned slice: an eighth of the target, but at least the bytes in flight to the object store, because a slice waits
 * until those before it are stored (runner/transfer/write-export-file.ts).
 */
export const sliceBytesMin = (sliceBytes: number, inFlightBytes: number): number =>
  Math.min(sliceBytes, Math.max(sliceBytes / 8, inFlightBytes));

/** Bytes of the parts a runner holds by default: four in flight and one being filled, of 8 MiB. */
export const inFlightBytesDefault = 5 * 8 * 1024 * 1024;

export type Bucket = { startUs: number; endUs: number; rows: number; bytes: number };

/**
 * Joins neighbouring buckets up to a target size: `targetBytes` in the middle, down to `bytesMin` near both ends, so that the first bytes
 * leave early and little is left after the last query. Buckets are in ascending time order; the slice before a gap covers it.
 */
export const joinBuckets = (
  buckets: readonly Bucket[],
  { sliceBytes: targetBytes, sliceBytesMin, sliceRowsMax: rowsMax }: { sliceBytes: number; sliceBytesMin: number; sliceRowsMax: number },
): Slice[] => {
  const slices: Slice[] = [];
  const total = buckets.reduce((sum, { bytes }) => sum + bytes, 0);
  let before = 0;
  let room = 0;
  for (const bucket of buckets) {
    const last = slices.at(-1);
    if (last !== undefined && last.bytes + bucket.bytes <= room && last.rows + bucket.rows <= rowsMax) {
      last.endUs = bucket.endUs;
      last.rows += bucket.rows;
      last.bytes += bucket.bytes;
    } else {
      const toEnd = Math.min(before, total - before) / 2;
      room = Math.max(sliceBytesMin, Math.min(targetBytes, toEnd));
      slices.push({ ...bucket, hashStart: 0, hashEnd: hashEndMax });
    }
    before += bucket.bytes;
  }
  return slices;
};

/** Splits an instant with too many rows into equal ranges of the trace hash. A single trace cannot be split. */
export const splitByHash = (bucket: Bucket, targetBytes: number, rowsMax: number): Slice[] => {
  const parts = Math.min(4096, Math.max(1, Math.ceil(Math.max(bucket.bytes / targetBytes, bucket.rows / rowsMax))));
  return Array.from({ length: parts }, (_, i) => ({
    ...bucket,
    hashStart: Math.floor((hashEndMax / parts) * i),
    hashEnd: i === parts - 1 ? hashEndMax : Math.floor((hashEndMax / parts) * (i + 1)),
    rows: Math.round(bucket.rows / parts),
    bytes: Math.round(bucket.bytes / parts),
  }));
};

/** Builds the bounds of a slice as SQL with parameters. Parameter names are stable, so the query text is equal for every slice. */
export const sliceCondition = (table: { time: string; hash: string }, slice: Slice): Sql => ({
  uses: [],
  sql: `${table.time} >= fromUnixTimestamp64Micro({sliceStart:Int64}) AND ${table.time} < fromUnixTimestamp64Micro({sliceEnd:Int64})${
    slice.hashStart === 0 && slice.hashEnd === hashEndMax
      ? ""
      : ` AND ${table.hash} >= {sliceHashStart:UInt64} AND ${table.hash} < {sliceHashEnd:UInt64}`
  }`,
  params: { sliceStart: slice.startUs, sliceEnd: slice.endUs, sliceHashStart: slice.hashStart, sliceHashEnd: slice.hashEnd },
});
