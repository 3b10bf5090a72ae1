/**
 * Reads rows in their newest version, each id once, even if a row was stored under two keys. FINAL merges the versions of one key; the
 * newest version of the id under any key then decides. Reads ids and keys, and only those of ids with a version that satisfies `among`.
 */
import { fromClause } from "../../core/query/build-query.ts";
import { type Expression, joinSql, type SqlLike, toSql } from "../../core/query/sql.ts";
import type { ExportTable } from "../../core/query/tables/table.ts";

/** Selects tenants: binds `projectId` or `projectIds`, or takes every project. */
export const tenants = {
  one: "e.project_id = {projectId:String}",
  listed: "e.project_id IN {projectIds:Array(String)}",
  any: "true",
} as const;
export type Tenant = keyof typeof tenants;

/** A table that an operator has renamed is passed under its own name, as its source. */
const physical = { events: "events" };

/** `conditions` apply to the newest version; `among` to any version, over `e` alone. */
export type RowsAsked = { table: ExportTable; conditions: readonly SqlLike[]; among: readonly string[]; tenant?: Tenant };

const anyVersion = ({ table, among, tenant = "one" }: RowsAsked): string =>
  `FROM ${fromClause(table, physical, { needsFinal: false, names: [] })} WHERE ${[tenants[tenant], ...among].join(" AND ")}`;

/**
 * FINAL finds the newest version of ids with one key and one time. The others are few; finding them by hash costs a tenth of comparing the
 * texts.
 */
const isNewest = (asked: RowsAsked): string => {
  const { place, time, version, isDeleted } = asked.table;
  const id = asked.tenant === undefined || asked.tenant === "one" ? asked.table.id : `(e.project_id, ${asked.table.id})`;
  const all = anyVersion({ ...asked, among: [] });
  const ids = asked.among.length === 0 ? "" : ` AND ${id} IN (SELECT ${id} ${anyVersion(asked)})`;
  const moved = `(SELECT hash FROM (SELECT cityHash64(${id}) AS hash ${all}${ids} GROUP BY hash HAVING min(${place}) != max(${place}) OR min(${time}) != max(${time})))`;
  return `(cityHash64(${id}) NOT IN ${moved} OR (${id}, ${place}, ${time}, ${version}) IN (SELECT row_id, newest.1, newest.2, newest.3 FROM (
    SELECT ${id} AS row_id, argMax((${place}, ${time}, ${version}), (${version}, ${isDeleted} = 0, ${time}, bitNot(${place}))) AS newest
    ${all} AND cityHash64(${id}) IN ${moved} GROUP BY row_id)))`;
};

/**
 * Builds FROM and WHERE with the alias `e` and the relations that `names` mention, and passes them to `select`, whose relations are
 * narrowed to these rows. A derived table has each id once.
 */
export const selectNewest = (asked: RowsAsked, names: readonly Pick<Expression, "uses">[], select: (rows: string) => string): string => {
  const { table, conditions, among, tenant = "one" } = asked;
  const newest = table.source.kind === "derived" ? [] : [`${table.isDeleted} = 0`, isNewest(asked)];
  const from = fromClause(table, physical, {
    needsFinal: true,
    names: [...conditions.map(toSql), ...names],
    among: among.length === 0 ? null : anyVersion(asked),
  });
  return select(`FROM ${from} WHERE ${joinSql([tenants[tenant], ...conditions, ...newest], " AND ").sql}`);
};

/** GROUP BY id spills to disk beyond this size. */
export const readSettings = { max_bytes_before_external_group_by: String(1024 * 1024 * 1024) };
