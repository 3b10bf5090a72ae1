/**
 * Reads rows in their newest version, each id once, even if a row was stored under two keys. FINAL merges the versions of one key; the
 * newest version of the id under any key then decides. Reads ids and keys, and only those of ids with a version that satisfies `among`.
 */
import { fromClause } from "../../core/query/build-query.ts";
import { externalTable } from "../../core/query/external-table.ts";
import { type Expression, joinSql, type SqlLike, toSql } from "../../core/query/sql.ts";
import type { ExportTable } from "../../core/query/tables/table.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";

/** Selects tenants: binds `projectId` or `projectIds`, or takes every project. */
export const tenants = {
  one: "e.project_id = {projectId:String}",
  listed: "e.project_id IN {projectIds:Array(String)}",
  any: "true",
} as const;
export type Tenant = keyof typeof tenants;

/** A table that an operator has renamed is passed under its own name, as its source. */
const physical = { events: "events" };

export type RowsAsked = {
  table: ExportTable;
  /** Apply to the newest version. */
  conditions: readonly SqlLike[];
  /** Apply to any version, over `e` alone. */
  among: readonly string[];
  tenant?: Tenant;
  /** Few rows satisfy `among`, found by an index: reads their ids and days first, and no cells of other rows. */
  areFew?: boolean;
  /** What `listMoved` found of these rows; by default each statement looks itself. */
  moved?: Moved;
};

/** Hashes of the ids that are stored under several sort keys or times. */
type Moved = readonly string[];

const anyVersion = ({ table, among, tenant = "one" }: RowsAsked): string =>
  `FROM ${fromClause(table, physical, { needsFinal: false, names: [] })} WHERE ${[tenants[tenant], ...among].join(" AND ")}`;

const idOf = ({ table, tenant = "one" }: RowsAsked): string => (tenant === "one" ? table.id : `(e.project_id, ${table.id})`);

const isAmong = (asked: RowsAsked): string => `${idOf(asked)} IN (SELECT ${idOf(asked)} ${anyVersion(asked)})`;

/**
 * FINAL finds the newest version of ids with one key and one time. The others are few; finding them by hash costs a tenth of comparing the
 * texts.
 */
const isNewest = (asked: RowsAsked): string => {
  const { place, time, version, isDeleted } = asked.table;
  const id = idOf(asked);
  const moved = asked.moved === undefined ? `(${selectMoved(asked)})` : `(SELECT hash FROM ${movedIds})`;
  return `(cityHash64(${id}) NOT IN ${moved} OR (${id}, ${place}, ${time}, ${version}) IN (SELECT row_id, newest.1, newest.2, newest.3 FROM (
    SELECT ${id} AS row_id, argMax((${place}, ${time}, ${version}), (${version}, ${isDeleted} = 0, ${time}, bitNot(${place}))) AS newest
    ${allVersions(asked)} AND cityHash64(${id}) IN ${moved} GROUP BY row_id)))`;
};

/** All versions of the ids. */
const allVersions = (asked: RowsAsked): string =>
  `${anyVersion({ ...asked, among: [] })}${asked.among.length === 0 ? "" : ` AND ${isAmong(asked)}`}`;

const selectMoved = (asked: RowsAsked): string => {
  const { place, time } = asked.table;
  return `SELECT hash FROM (SELECT cityHash64(${idOf(asked)}) AS hash ${allVersions(asked)} GROUP BY hash HAVING min(${place}) != max(${place}) OR min(${time}) != max(${time}))`;
};

/** Name of the external table with the hashes that were found before. */
const movedIds = "moved_ids";
/** A longer list is looked for by each statement. */
const movedMax = 100_000;

/**
 * Looks once for the rows that several statements must tell apart. Returns what `selectNewest` takes, and its parameters. Reads ids and keys
 * of all rows that satisfy `among`; a row that moves after this look may appear in either version.
 */
export const listMoved = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  asked: RowsAsked,
  params: Record<string, unknown>,
): Promise<{ moved?: Moved; params: Record<string, unknown> }> => {
  if (asked.table.source.kind === "derived") return { params: {} };
  const rows = await clickhouse.queryRows<{ hash: string }>({
    sql: `${selectMoved(asked)} LIMIT ${movedMax + 1}`,
    params,
    settings: readSettings,
  });
  if (rows.length > movedMax) return { params: {} };
  const moved = rows.map(({ hash }) => hash);
  return { moved, params: moved.length === 0 ? {} : { [movedIds]: externalTable("hash UInt64", rows) } };
};

/**
 * Condition on sort key columns alone: all versions of a row pass or none, so FINAL sees whole rows and reads other columns of these rows
 * only. The days of all versions bound the granules that FINAL adds: those that overlap in the primary key with the ones an index found.
 */
const onlyFew = (asked: RowsAsked): string => {
  const day = `toDate(${asked.table.time})`;
  const ofThese = isAmong(asked);
  return `${ofThese} AND ${day} IN (SELECT ${day} ${allVersions(asked)})`;
};

/**
 * Builds FROM and WHERE with the alias `e` and the relations that `names` mention, and passes them to `select`, whose relations are
 * narrowed to these rows. A derived table has each id once.
 */
export const selectNewest = (asked: RowsAsked, names: readonly Pick<Expression, "uses">[], select: (rows: string) => string): string => {
  const { table, conditions, among, tenant = "one" } = asked;
  const newest = table.source.kind === "derived" ? [] : [`${table.isDeleted} = 0`, ...(asked.moved?.length === 0 ? [] : [isNewest(asked)])];
  const from = fromClause(table, physical, {
    needsFinal: true,
    names: [...conditions.map(toSql), ...names],
    among: among.length === 0 ? null : anyVersion(asked),
  });
  const few = asked.areFew === true && table.source.kind !== "derived" ? `PREWHERE ${onlyFew(asked)} ` : "";
  return select(`FROM ${from} ${few}WHERE ${joinSql([tenants[tenant], ...conditions, ...newest], " AND ").sql}`);
};

/** GROUP BY id spills to disk beyond this size. */
export const readSettings = { max_bytes_before_external_group_by: String(1024 * 1024 * 1024) };
