/** Public reads: one page of a listing: its ids in order, and the total count. Memory: the ids of one page. */

import { z } from "zod";
import { until } from "../../core/query/build-query.ts";
import type { ReadQuery } from "../../core/query/compile-read.ts";
import type { Condition } from "../../core/query/filters/compile-filter.ts";
import { toSql } from "../../core/query/sql.ts";
import type { ExportTable } from "../../core/query/tables/table.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { parseCount } from "../../db/clickhouse/parse-count.ts";
import { headOfVersions } from "../exports/find-head.ts";
import { listMoved, type RowsAsked, readSettings, selectNewest } from "./newest.ts";

/** `page` counts from 1. */
export const PageRange = z.object({ page: z.number().int().min(1).max(1_000_000_000), rowsMax: z.number().int().min(1).max(1000) });
export type PageRange = z.infer<typeof PageRange>;

/** Returns the final clause of a query for one page, with its parameters. */
export const compilePage = (page: PageRange): { sql: string; params: Record<string, unknown> } => {
  const { page: number, rowsMax } = PageRange.parse(page);
  return { sql: "LIMIT {rowsMax:UInt64} OFFSET {rowsBefore:UInt64}", params: { rowsMax, rowsBefore: (number - 1) * rowsMax } };
};

export type PageAsked = { projectId: string; page: number; limit: number };
type PageFound = { ids: string[]; totalItems: number };

type ReadDeps = { clickhouse: Pick<ClickHouse, "queryRows"> };

/**
 * Queries page and count in parallel, after one look for re-keyed rows: rows that arrive in between may be in only one of them. The order is
 * total, so no row is on two pages.
 */
export const readPage = async ({ clickhouse }: ReadDeps, query: ReadQuery, { projectId, page, limit }: PageAsked): Promise<PageFound> => {
  const bound = Object.assign({ projectId }, ...query.conditions.map((condition) => condition.params)) as Record<string, unknown>;
  const { params: more, ...known } = await listMoved(clickhouse, rowsOf(query), bound);
  const asked = { ...rowsOf(query), ...known };
  const params = { ...bound, ...more };
  const { id } = query.table;
  const range = compilePage({ page, rowsMax: limit });
  const ids = selectNewest(asked, [query.orderBy], (rows) => `SELECT ${id} AS id ${rows} ORDER BY ${query.orderBy.sql} ${range.sql}`);
  const count = selectNewest(asked, [], (rows) => `SELECT count() AS rows ${rows}`);
  const [found, [counted]] = await Promise.all([
    clickhouse.queryRows<{ id: string }>({ sql: ids, params: { ...params, ...range.params }, settings: readSettings }),
    clickhouse.queryRows<{ rows: string }>({ sql: count, params, settings: readSettings }),
  ]);
  return { ids: found.map((row) => row.id), totalItems: parseCount(counted?.rows) };
};

/** Keyset cursor: the position of a row in a listing, newest first. */
export type KeysetPosition = {
  /** Microseconds since 1970, as text. */
  at: string;
  hash: number;
  id: string;
};

/** Rows are listed whatever their time. The last instant of DateTime64 with microseconds. */
const timeMax = "2299-12-31T23:59:59.999999Z";

const PageRow = z.object({ row_id: z.string(), page_at: z.string(), page_hash: z.number() });

type SortKeyAsked = { projectId: string; after: KeysetPosition | undefined; limit: number };

/**
 * Returns the rows after a keyset cursor, newest first, and the cursor of the last one if there are more. Nothing is counted, and rows that
 * arrive meanwhile shift no page.
 */
export const readPageAfter = async (
  { clickhouse }: ReadDeps,
  query: ReadQuery,
  { projectId, after, limit }: SortKeyAsked,
): Promise<{ ids: string[]; next: KeysetPosition | undefined }> => {
  const { time, hash } = query.table;
  const conditions = after === undefined ? query.conditions : [...query.conditions, behind(query.table, after)];
  const place = toSql(`toString(toUnixTimestamp64Micro(toDateTime64(${time}, 6, 'UTC'))) AS page_at, ${hash} AS page_hash`);
  const scope = { projectId, window: until(timeMax), physical: { events: "events" } };
  const head = await headOfVersions({ clickhouse }, { ...query, conditions }, scope, {
    rowsMax: limit + 1,
    key: place,
    ...(after === undefined ? {} : { from: after.at }),
  });
  const rows = head.rows.map((row) => PageRow.parse(row));
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    ids: page.map((row) => row.row_id),
    next: last === undefined || rows.length <= limit ? undefined : { at: last.page_at, hash: last.page_hash, id: last.row_id },
  };
};

/**
 * Compares the whole cursor, to the microsecond, and the time once more on its own, so that the sort key and the partitions can be used.
 */
const behind = ({ time, hash, id }: ExportTable, after: KeysetPosition): Condition => {
  const at = "fromUnixTimestamp64Micro({afterAt:Int64}, 'UTC')";
  return {
    sql: `(${time} <= ${at} AND (${time}, ${hash}, ${id}) < (${at}, {afterHash:UInt32}, {afterId:String}))`,
    params: { afterAt: after.at, afterHash: after.hash, afterId: after.id },
    uses: [],
    readsContent: false,
  };
};

/** Narrows the ids by conditions on a row's own columns without payload: any version of a matching row satisfies them. */
const rowsOf = ({ table, conditions }: ReadQuery): RowsAsked => ({
  table,
  conditions,
  among: conditions.filter(isOwn).map(({ sql }) => sql),
});

const isOwn = ({ uses, readsContent }: Condition) => !readsContent && uses.length === 0;
