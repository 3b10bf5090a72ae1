/**
 * Export stage 4, QUERY, the plan: a few cheap aggregates cut an export into slices along the sort key. Reads only key columns and stored
 * lengths, never payloads. Memory: one entry per bucket (at most 50,000) and slice.
 */

import { AppError } from "../../core/errors.ts";
import { handTable } from "../../core/query/external-table.ts";
import { type Bucket, hashEndMax, joinBuckets, type Slice, splitByHash } from "../../core/query/slice.ts";
import type { ExportTable } from "../../core/query/tables/table.ts";
import type { ClickHouse } from "./client.ts";
import { parseCount } from "./parse-count.ts";

/** The query to plan: `from` names the table with its alias `e` and FINAL; `where` holds everything but slice bounds. */
export type PlanQuery = {
  from: string;
  where: string;
  params: Record<string, unknown>;
  /** Expression of the table's time column, DateTime64(6). */
  time: string;
  /** Expression hashed to split crowded instants. */
  hash: string;
  /** Estimate of one row's uncompressed bytes. */
  rowBytes: string;
  /** Hash that distinguishes the versions of a row. */
  rowHash: string;
};

export type ExportPlan = {
  /** Ascending by time, then hash. Empty if nothing matches. */
  slices: Slice[];
  rows: number;
  bytes: number;
  /** Microseconds since the epoch; null if nothing matches. */
  startUs: number | null;
  endUs: number | null;
  /** Sum of the row hashes: equal sums mean the same versions of the same rows. */
  checksum: string;
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

  const [total] = await run<{ rows: string; bytes: string; min_us: string; max_us: string; checksum: string }>(
    `SELECT count() AS rows, sum(${query.rowBytes}) AS bytes, min(${us}) AS min_us, max(${us}) AS max_us, sum(${query.rowHash}) AS checksum
     FROM ${query.from} WHERE ${query.where}`,
  );
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

/** Returns a slice's bounds as SQL with parameters. Names are stable, so the query text is the same for every slice. */
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

/** Maximum ids listed with more than one sort key; beyond it, the export is refused rather than wrong. */
const movedRowsMax = 200_000;

/** One sort key of a re-keyed row. `nth` 1 is the newest; `versionUs` is its newest version. */
export type MovedRow = { id: string; place: string; versionUs: string; nth: string };

type PlacedTable = Pick<ExportTable, "id" | "time" | "version" | "isDeleted" | "place">;

/**
 * Combines the sort key with the row's time. FINAL merges a time that changes under one key, but not in a query on a time range: the server
 * first leaves out parts outside the range, and the newer version with them.
 */
const placeAndTime = ({ place, time }: PlacedTable): string => `cityHash64(${place}, ${time})`;

/**
 * Lists all sort keys of rows rewritten under another key, such as another time or type: the engine keeps all of them, and only the newest
 * counts. If the newest is a deletion, it deletes the row under every key. Includes rows whose time changed under one key.
 * Covers the whole project, whatever the filter: the newest version decides whether an id is exported at all. `from` has no FINAL.
 */
const movedSql = (from: string, table: PlacedTable): string => {
  const { id, time, version, isDeleted } = table;
  const place = placeAndTime(table);
  const project = "e.project_id = {projectId:String}";
  return `SELECT id, place, version_us, row_number() OVER (PARTITION BY id ORDER BY version_us DESC, is_gone, time_us DESC, place) AS nth FROM (
      SELECT ${id} AS id, ${place} AS place, max(toUnixTimestamp64Micro(${version})) AS version_us, max(toUnixTimestamp64Micro(${time})) AS time_us,
        argMax(${isDeleted}, ${version}) AS is_gone
      FROM ${from} WHERE ${project} AND cityHash64(${id}) IN (
        SELECT cityHash64(${id}) AS hash FROM ${from} WHERE ${project} GROUP BY hash HAVING min(${place}) != max(${place})
      ) GROUP BY id, place
    )`;
};

/**
 * Lists re-keyed rows, for `withoutMoved` to exclude and `haveMoved` to compare. Reads ids and keys of the project; spills beyond 1 GiB of
 * hashes.
 */
export const findMovedRows = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  { from, table, projectId }: { from: string; table: PlacedTable; projectId: string },
  { signal, queryId }: { signal?: AbortSignal | undefined; queryId?: string } = {},
): Promise<MovedRow[]> => {
  const rows = await clickhouse.queryRows<MovedRow>({
    sql: `SELECT id, toString(place) AS place, toString(version_us) AS versionUs, toString(nth) AS nth FROM (${movedSql(from, table)}) LIMIT ${movedRowsMax + 1}`,
    params: { projectId },
    settings: { max_bytes_before_external_group_by: String(1024 * 1024 * 1024) },
    signal,
    ...(queryId === undefined ? {} : { queryId }),
  });
  if (rows.length > movedRowsMax)
    throw new AppError({
      code: "EXPORT_TOO_LARGE",
      message: `More than ${movedRowsMax} rows of this project are stored under two sort keys.`,
    });
  return rows;
};

/** Returns whether a row was re-keyed between the two queries. One that is no longer listed was merely merged. */
export const haveMoved = (before: readonly MovedRow[], after: readonly MovedRow[]): boolean => {
  const newest = new Map(before.filter(({ nth }) => nth === "1").map(({ id, versionUs }) => [id, versionUs]));
  return after.some(({ id, versionUs, nth }) => nth === "1" && newest.get(id) !== versionUs);
};

/** Excludes all keys but the newest. */
export const withoutMoved = (table: PlacedTable, moved: readonly MovedRow[]): { sql: string; params: Record<string, unknown> } => {
  const old = moved.filter(({ nth }) => nth !== "1").map((row) => ({ id: row.id, place: row.place }));
  if (old.length === 0) return { sql: "", params: {} };
  return {
    sql: ` AND (${table.id}, ${placeAndTime(table)}) NOT IN (SELECT id, place FROM moved_rows)`,
    params: { moved_rows: handTable("id String, place UInt64", old) },
  };
};

/** Does the same inside the query itself, so that both see the table at one moment. */
export const withoutMovedInside = (from: string, table: PlacedTable): string =>
  ` AND (${table.id}, ${placeAndTime(table)}) NOT IN (SELECT id, place FROM (${movedSql(from, table)}) WHERE nth > 1)`;
