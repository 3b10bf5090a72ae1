/** Counts the rows of a query in buckets of time. */

import type { ExportQuery } from "../../core/query/export-query.ts";
import { bucketCountOf, bucketSecondsOf, type HistogramRange } from "../../core/query/histogram.ts";
import { parseCount } from "../../db/clickhouse/parse-count.ts";
import { type AggregateDeps, type AggregateScope, aggregateRows } from "./aggregate-rows.ts";

/**
 * Exact: each row counts once, in its newest version. The first bucket begins at the start of the range. The scope is the range as far as
 * rows may be read. Throws COMMENT_FILTER_TOO_WIDE, and what ClickHouse throws.
 */
export const countByTime = async (
  deps: AggregateDeps,
  query: ExportQuery,
  scope: AggregateScope,
  range: HistogramRange,
): Promise<{ bucketSeconds: number; counts: number[] }> => {
  const bucketSeconds = bucketSecondsOf(range);
  const rows = await aggregateRows<{ bucket: string; rows: string }>(deps, query, scope, ({ table }) => ({
    list: {
      sql: `intDiv(toUnixTimestamp64Micro(toDateTime64(${table.time}, 6, 'UTC')) - {bucketStart:Int64}, {bucketWidth:Int64}) AS bucket, count() AS rows`,
      uses: [],
    },
    rest: "GROUP BY bucket",
    params: { bucketStart: String(range.fromUs), bucketWidth: String(BigInt(bucketSeconds) * 1_000_000n) },
  }));
  const counts = Array.from({ length: bucketCountOf(range, bucketSeconds) }, () => 0);
  for (const { bucket, rows: found } of rows) counts[Number(bucket)] = (counts[Number(bucket)] ?? 0) + parseCount(found);
  return { bucketSeconds, counts };
};
