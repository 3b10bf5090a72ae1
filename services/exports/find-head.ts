/**
 * Export stage 4, query, for a preview: finds the first rows of a file without planning the whole export. Reads keys first, and then only
 * what the rows need, by the SELECT of the export itself.
 */
import { type ExportScope, exportPredicate, fromClause, notDeleted, postgresRows, versionTuple } from "../../core/query/build-query.ts";
import type { CompiledQuery } from "../../core/query/compile-query.ts";
import { externalTable } from "../../core/query/external-table.ts";
import { selectSlice } from "../../core/query/select-slice.ts";
import { hashEndMax } from "../../core/query/slice.ts";
import { type Expression, joinSql, type Sql } from "../../core/query/sql.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { parseCount } from "../../db/clickhouse/parse-count.ts";
import { findRekeyedRows, withoutRekeyed } from "../../db/clickhouse/rekeyed-rows.ts";
import type { Database } from "../../db/postgres/client.ts";
import { planRows, readRows } from "../../db/postgres/export-rows.ts";

type HeadDeps = { db: Database; clickhouse: Pick<ClickHouse, "queryRows"> };

/** A SELECT of `list` over the first `limitRows` rows, in the order of the file. */
export type HeadQuery = (
  list: Expression,
  limitRows: number,
) => { sql: string; params: Record<string, unknown>; settings: Record<string, string> };

/** The ids are those of the first `rowsMax` rows, in order. */
export type Head = { query: HeadQuery; ids: string[] };

export const findHead = (deps: HeadDeps, compiled: CompiledQuery, scope: ExportScope, rowsMax: number): Promise<Head> => {
  const { source } = compiled.table;
  switch (source.kind) {
    case "replacing":
      return headOfVersions(deps, compiled, scope, rowsMax);
    case "derived":
      return withIds(deps, compiled, whole(compiled, scope), rowsMax);
    case "postgres":
      return headOfPostgres(deps, compiled, { scope, structure: source.structure, rowsMax });
    default:
      return source satisfies never;
  }
};

const withIds = async ({ clickhouse }: HeadDeps, { table }: CompiledQuery, query: HeadQuery, rowsMax: number): Promise<Head> => {
  const rows = await clickhouse.queryRows<{ row_id: string }>(query({ sql: `${table.id} AS row_id`, uses: [] }, rowsMax));
  return { query, ids: rows.map(({ row_id }) => row_id) };
};

/** Reads everything: the rows of such a table exist only once all of them are added up. */
const whole = (compiled: CompiledQuery, scope: ExportScope): HeadQuery => {
  const where = exportPredicate(compiled, scope);
  return (list, limitRows) => selectSlice({ compiled, physical: scope.physical, where, needsFinal: false }, undefined, { list, limitRows });
};

/** First number of stored versions that are looked at. Most rows have one or a few. */
const versionsFirst = 100;
const versionsFactor = 8;

type Version = { row_id: string; version: string; us: string; version_us: string };

/**
 * Takes the first stored versions that match, in the file's order and without merging, so that the server stops reading early. Every row of
 * the file is among them by its newest version; versions that are not the newest are then left out as in an export. If too few rows are
 * left, more versions are taken.
 */
const headOfVersions = async (deps: HeadDeps, compiled: CompiledQuery, scope: ExportScope, rowsMax: number): Promise<Head> => {
  for (let versionsMax = versionsFirst; ; versionsMax *= versionsFactor) {
    const versions = await listVersions(deps, compiled, scope, versionsMax);
    const head = await withIds(deps, compiled, await newestOf(deps, compiled, scope, versions), rowsMax);
    if (head.ids.length >= rowsMax || versions.length < versionsMax) return head;
  }
};

const listVersions = ({ clickhouse }: HeadDeps, compiled: CompiledQuery, scope: ExportScope, versionsMax: number): Promise<Version[]> => {
  const { table, orderOfVersions } = compiled;
  const where = exportPredicate(compiled, scope);
  return clickhouse.queryRows<Version>({
    sql: `SELECT ${table.id} AS row_id, toString(${versionTuple(table)}) AS version, toUnixTimestamp64Micro(${table.time}) AS us, toUnixTimestamp64Micro(${table.version}) AS version_us
      FROM ${fromClause(table, scope.physical, { needsFinal: false, names: [where, orderOfVersions] })}
      WHERE ${where.sql} AND ${notDeleted(table, scope.window)} ORDER BY ${orderOfVersions.sql} LIMIT ${versionsMax}`,
    params: where.params,
  });
};

/** Name of the external table with the listed versions. */
const headVersions = "head_versions";

/** Builds the query of the rows whose newest version is among the given ones. */
const newestOf = async (
  { clickhouse }: HeadDeps,
  compiled: CompiledQuery,
  scope: ExportScope,
  versions: readonly Version[],
): Promise<HeadQuery> => {
  const { table } = compiled;
  const { physical, projectId, window } = scope;
  const ids = externalTable(
    "id String, version String",
    versions.map(({ row_id, version }) => ({ id: row_id, version })),
  );
  const unmerged = fromClause(table, physical, { needsFinal: false, names: [] });
  // Only newer versions can replace these, and the index on the version column finds them. The index on ids alone passes most granules.
  const only: Sql = {
    sql: `${table.id} IN (SELECT id FROM ${headVersions}) AND ${table.version} >= fromUnixTimestamp64Micro({headSince:Int64})`,
    uses: [],
    params: { [headVersions]: ids, headSince: smallest(versions.map(({ version_us }) => Number(version_us))) },
  };
  const rekeyed = await findRekeyedRows(clickhouse, { from: unmerged, table, projectId, only });
  const isListed: Sql = {
    sql: ` AND (${table.id}, toString(${versionTuple(table)})) IN (SELECT id, version FROM ${headVersions})`,
    uses: [],
    params: { [headVersions]: ids },
  };
  const where = joinSql(
    [exportPredicate(compiled, scope), ` AND ${notDeleted(table, window)}`, withoutRekeyed(table, rekeyed), isListed],
    "",
  );
  const times = versions.map(({ us }) => Number(us));
  const slice = {
    startUs: smallest(times),
    endUs: 1 - smallest(times.map((us) => -us)),
    hashStart: 0,
    hashEnd: hashEndMax,
    rows: versions.length,
    bytes: 0,
  };
  return (list, limitRows) =>
    selectSlice({ compiled, physical, where, needsFinal: true, onlyIds: headVersions }, slice, { list, limitRows });
};

const smallest = (numbers: readonly number[]): number => numbers.reduce((a, b) => Math.min(a, b), numbers[0] ?? 0);

/** Rows of Postgres are passed to ClickHouse in slices of this size, which bounds what a preview holds to `rowsMax` slices. */
const postgresSliceBytes = 256 * 1024;

/** Reads slices until enough rows match. Keeps those with a match only. */
const headOfPostgres = async (
  deps: HeadDeps,
  compiled: CompiledQuery,
  { scope, structure, rowsMax }: { scope: ExportScope; structure: string; rowsMax: number },
): Promise<Head> => {
  const { db, clickhouse } = deps;
  const { table } = compiled;
  const upTo = { projectId: scope.projectId, cutoff: scope.window.end };
  const slices = await planRows(db, table.name, upTo, postgresSliceBytes);
  const kept: string[] = [];
  const queryOf =
    (lines: string): HeadQuery =>
    (list, limitRows) => {
      const { sql, params, settings } = whole(compiled, scope)(list, limitRows);
      return { sql, params: { ...params, [postgresRows]: { structure, lines } }, settings };
    };
  let found = 0;
  for (const slice of compiled.isDescending ? slices.toReversed() : slices) {
    if (found >= rowsMax) break;
    const lines = await readRows(db, table.name, upTo, slice);
    const { sql, ...more } = queryOf(lines)({ sql: "1", uses: [] }, rowsMax);
    const [count] = await clickhouse.queryRows<{ rows: string }>({ ...more, sql: `SELECT count() AS rows FROM (${sql})` });
    const rows = parseCount(count?.rows);
    if (rows > 0) kept.push(lines);
    found += rows;
  }
  return withIds(deps, compiled, queryOf(kept.join("\n")), rowsMax);
};
