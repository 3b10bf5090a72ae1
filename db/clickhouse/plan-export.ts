/**
 * 4 QUERY, the plan: a few cheap aggregates cut an export into slices along the sorting key.
 * Reads key columns and the stored lengths only, never payloads. Memory: one entry for each bucket (at most 50,000) and slice.
 */
import { AppError } from "../../core/errors.ts";
import { handTable } from "../../core/exports/handed-table.ts";
import { type Bucket, hashEndMax, joinBuckets, type Slice, splitByHash } from "../../core/exports/slice.ts";
import type { ClickHouse } from "./client.ts";

/** What is planned: `from` names the table with its alias `e` and FINAL; `where` holds everything but slice bounds. */
export type PlanQuery = {
  from: string;
  where: string;
  params: Record<string, unknown>;
  /** Expression of the table's time column, DateTime64(6). */
  time: string;
  /** Expression hashed to cut crowded instants. */
  hash: string;
  /** Estimate of the uncompressed bytes of one row. */
  rowBytes: string;
};

export type ExportPlan = {
  /** Ascending by time, then hash. Empty when nothing matches. */
  slices: Slice[];
  rows: number;
  bytes: number;
  /** Microseconds since the epoch; null when nothing matches. */
  startUs: number | null;
  endUs: number | null;
};

export type PlanBounds = { sliceBytes: number; sliceBytesMin: number; sliceRowsMax: number };

/** A bucket over twice the target is cut again. */
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

  const [total] = await run<{ rows: string; bytes: string; min_us: string; max_us: string }>(
    `SELECT count() AS rows, sum(${query.rowBytes}) AS bytes, min(${us}) AS min_us, max(${us}) AS max_us FROM ${query.from} WHERE ${query.where}`,
  );
  const rows = Number(total?.rows ?? 0);
  if (total === undefined || rows === 0) return { slices: [], rows: 0, bytes: 0, startUs: null, endUs: null };
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
  return { slices, rows, bytes: all.bytes, startUs: all.startUs, endUs: all.endUs };
};

/** Stretches slices over the empty stretches between them, so that together they cover the whole range: a row that appears late is not between two slices. */
const closeGaps = (slices: Slice[], all: Bucket): void => {
  slices.forEach((slice, i) => {
    const next = slices[i + 1];
    if (next === undefined) slice.endUs = all.endUs;
    else if (next.startUs > slice.endUs && slice.hashEnd === hashEndMax) slice.endUs = next.startUs;
  });
};

/** Leaves the old places of moved rows out. The newest place of an id is never among them, since version and time order the places. */
export const withoutMoved = (
  table: { id: string; time: string; version: string },
  moved: readonly MovedRow[],
): { sql: string; params: Record<string, unknown> } =>
  moved.length === 0
    ? { sql: "", params: {} }
    : {
        sql: ` AND (${table.id}, toUnixTimestamp64Micro(${table.time}), toUnixTimestamp64Micro(${table.version})) NOT IN (SELECT id, timeUs, versionUs FROM moved_rows)`,
        params: { moved_rows: handTable("id String, timeUs Int64, versionUs Int64", moved) },
      };

/** The bounds of a slice as SQL with its parameters. Names are stable, so the text of the query is the same for every slice. */
export const sliceCondition = (
  query: Pick<PlanQuery, "time" | "hash">,
  slice: Slice,
): { sql: string; params: Record<string, unknown> } => ({
  sql: `${query.time} >= fromUnixTimestamp64Micro({sliceStart:Int64}) AND ${query.time} < fromUnixTimestamp64Micro({sliceEnd:Int64})${
    slice.hashStart === 0 && slice.hashEnd === hashEndMax
      ? ""
      : ` AND ${query.hash} >= {sliceHashStart:UInt64} AND ${query.hash} < {sliceHashEnd:UInt64}`
  }`,
  params: { sliceStart: slice.startUs, sliceEnd: slice.endUs, sliceHashStart: slice.hashStart, sliceHashEnd: slice.hashEnd },
});

/** Ids a table may hold under two keys are listed up to here; above, the export is refused rather than wrong. */
const movedRowsMax = 200_000;

export type MovedRow = { id: string; timeUs: string; versionUs: string };

/**
 * Old places of rows that were written again with another key, such as another time or type: the engine keeps both.
 * Returns every place but the newest of each such id. Looks at the whole project, whatever the filter: the newest version decides whether an id is exported at all.
 */
export const findMovedRows = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  table: { from: string; project: string; id: string; time: string; version: string; params: Record<string, unknown> },
  { signal, queryId }: { signal?: AbortSignal | undefined; queryId?: string } = {},
): Promise<MovedRow[]> => {
  const rows = await clickhouse.queryRows<MovedRow>({
    sql: `WITH doubles AS (SELECT cityHash64(${table.id}) AS hash FROM ${table.from} WHERE ${table.project} GROUP BY hash HAVING count() > 1)
      SELECT id, toString(time_us) AS timeUs, toString(version_us) AS versionUs FROM (
        SELECT ${table.id} AS id, toUnixTimestamp64Micro(${table.time}) AS time_us, toUnixTimestamp64Micro(${table.version}) AS version_us,
          row_number() OVER (PARTITION BY ${table.id} ORDER BY version_us DESC, time_us DESC) AS place
        FROM ${table.from} WHERE ${table.project} AND cityHash64(${table.id}) IN doubles
      ) WHERE place > 1 LIMIT ${movedRowsMax + 1}`,
    params: table.params,
    settings: { max_bytes_before_external_group_by: String(1024 * 1024 * 1024) },
    signal,
    ...(queryId === undefined ? {} : { queryId: `${queryId}-moved` }),
  });
  if (rows.length > movedRowsMax)
    throw new AppError({ code: "EXPORT_TOO_LARGE", message: `More than ${movedRowsMax} rows of this project are stored under two keys.` });
  return rows;
};
