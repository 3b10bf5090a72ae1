/**
 * Export stage 4, QUERY, the plan: a few cheap aggregates cut an export into slices along the sort key. Reads only key columns and stored
 * lengths, never payloads. Memory: one entry per bucket (at most 50,000) and slice.
 */

import { type Bucket, hashEndMax, joinBuckets, type Slice, splitByHash } from "../../core/query/slice.ts";
import type { ClickHouse } from "./client.ts";
import { parseCount } from "./parse-count.ts";

/** The query to plan: `from` names the table with its alias `e` and FINAL; `where` holds everything but slice bounds. */
type PlanQuery = {
  from: string;
  where: string;
  params: Readonly<Record<string, unknown>>;
  /** Expression of the table's time column, DateTime64(6). */
  time: string;
  /** Expression hashed to split crowded instants. */
  hash: string;
  /** Estimate of one row's uncompressed bytes. */
  rowBytes: string;
  /** Hash that distinguishes the versions of a row. */
  rowHash: string;
  /** Totals of the rows, if a query before has added them up; the plan then has no checksum. */
  total?: PlanTotal | undefined;
};

/** What a plan starts from, as ClickHouse writes 64-bit integers: number of rows, their estimated bytes, first and last microsecond. */
export type PlanTotal = { rows: string; bytes: string; min_us: string; max_us: string };

type ExportPlan = {
  /** Ascending by time, then hash. Empty if nothing matches. */
  slices: Slice[];
  rows: number;
  bytes: number;
  /** Microseconds since the epoch; null if nothing matches. */
  startUs: number | null;
  endUs: number | null;
  /** Sum of the row hashes: equal sums mean the same versions of the same rows. Null if the query brought its totals. */
  checksum: string | null;
};

export type PlanBounds = { sliceBytes: number; sliceBytesMin: number; sliceRowsMax: number };

/** A bucket over twice the target is split again. */
const isHot = (bucket: Bucket, { sliceBytes, sliceRowsMax }: PlanBounds) => bucket.bytes > 2 * sliceBytes || bucket.rows > 2 * sliceRowsMax;

export const planExport = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  query: PlanQuery,
  bounds: PlanBounds,
  { signal, queryId }: { signal?: AbortSignal | undefined; queryId?: string } = {},
): Promise<ExportPlan> => {
  let queries = 0;
  const run = <Row>(sql: string, params: Record<string, unknown> = {}) =>
    clickhouse.queryRows<Row>({
      sql,
      params: { ...query.params, ...params },
      signal,
      ...(queryId === undefined ? {} : { queryId: `${queryId}-plan${queries++}` }),
    });
  const us = `toUnixTimestamp64Micro(${query.time})`;

  const addUp = () =>
    run<PlanTotal & { checksum: string }>(
      `SELECT count() AS rows, sum(${query.rowBytes}) AS bytes, min(${us}) AS min_us, max(${us}) AS max_us, sum(${query.rowHash}) AS checksum
       FROM ${query.from} WHERE ${query.where}`,
    );
  const [total] = query.total === undefined ? await addUp() : [{ ...query.total, checksum: null }];
  const rows = parseCount(total?.rows);
  if (total === undefined || rows === 0) return { slices: [], rows: 0, bytes: 0, startUs: null, endUs: null, checksum: "0" };
  const all: Bucket = { startUs: Number(total.min_us), endUs: Number(total.max_us) + 1, rows, bytes: Number(total.bytes) };

  const cut = async (range: Bucket): Promise<Slice[]> => {
    if (!isHot(range, bounds)) return [{ ...range, hashStart: 0, hashEnd: hashEndMax }];
    const spanUs = range.endUs - range.startUs;
    if (spanUs <= 1) return splitByHash(range, bounds.sliceBytes, bounds.sliceRowsMax);
    const wanted = Math.min(50_000, Math.max(200, Math.ceil((4 * range.bytes) / bounds.sliceBytes)));
    const widthUs = Math.max(1, Math.ceil(spanUs / wanted));
    const found = await run<{ bucket: string; rows: string; bytes: string }>(
      `SELECT intDiv(${us} - {planStart:Int64}, {planWidth:Int64}) AS bucket, count() AS rows, sum(${query.rowBytes}) AS bytes
       FROM ${query.from} WHERE ${query.where}
       AND ${query.time} >= fromUnixTimestamp64Micro({planStart:Int64}) AND ${query.time} < fromUnixTimestamp64Micro({planEnd:Int64})
       GROUP BY bucket ORDER BY bucket`,
      { planStart: range.startUs, planEnd: range.endUs, planWidth: widthUs },
    );
    const buckets = found.map((row) => {
      const startUs = range.startUs + Number(row.bucket) * widthUs;
      return { startUs, endUs: Math.min(startUs + widthUs, range.endUs), rows: Number(row.rows), bytes: Number(row.bytes) };
    });
    const slices: Slice[] = [];
    let calm: Bucket[] = [];
    const flush = () => {
      slices.push(...joinBuckets(calm, bounds));
      calm = [];
    };
    for (const bucket of buckets) {
      if (isHot(bucket, bounds)) {
        flush();
        slices.push(...(await cut(bucket)));
      } else calm.push(bucket);
    }
    flush();
    return slices;
  };

  const slices = await cut(all);
  closeGaps(slices, all);
  return { slices, rows, bytes: all.bytes, startUs: all.startUs, endUs: all.endUs, checksum: total.checksum };
};

/**
 * Extends slices over the gaps between them, so that together they cover the whole range: a row that appears late does not fall between two
 * slices.
 */
const closeGaps = (slices: Slice[], all: Bucket): void => {
  slices.forEach((slice, i) => {
    const next = slices[i + 1];
    if (next === undefined) slice.endUs = all.endUs;
    else if (next.startUs > slice.endUs && slice.hashEnd === hashEndMax) slice.endUs = next.startUs;
  });
};
