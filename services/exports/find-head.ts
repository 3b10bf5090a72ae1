/**
 * Export stage 4, query, for a preview or a page: finds the first rows of a file without planning the whole export. Reads keys first, and
 * then only what the rows need, by the SELECT of the export itself.
 */
import { type ExportScope, exportPredicate, fromClause, notDeleted, postgresRows, versionTuple } from "../../core/query/build-query.ts";
import type { OrderedRows } from "../../core/query/compile-query.ts";
import { externalTable } from "../../core/query/external-table.ts";
import { selectSlice } from "../../core/query/select-slice.ts";
import { hashEndMax } from "../../core/query/slice.ts";
import { type Expression, joinSql, type Sql } from "../../core/query/sql.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { findRekeyedRows, withoutRekeyed } from "../../db/clickhouse/rekeyed-rows.ts";
import type { Database } from "../../db/postgres/client.ts";
import { type PostgresPosition, readPiece } from "../../db/postgres/export-rows.ts";

type HeadDeps = { db: Database; clickhouse: Pick<ClickHouse, "queryRows"> };

/** A SELECT of `list` over the first `limitRows` rows, in the order of the file. */
export type HeadQuery = (
  list: Expression,
  limitRows: number,
) => { sql: string; params: Record<string, unknown>; settings: Record<string, string> };

/** The ids are those of the first `rowsMax` rows, in order, and `rows` has what `key` selects of them. `query` is over the first `rowsRead`. */
export type Head = { query: HeadQuery; ids: string[]; rows: unknown[] };

export type HeadAsked = {
  rowsMax: number;
  /** Rows whose cells will be read; all by default. */
  rowsRead?: number;
  /** SELECT list over each row, besides its id. */
  key?: Expression;
  /** Where to begin, in microseconds since 1970, that instant included. Default: at the first row. */
  from?: string;
};

export const findHead = (deps: HeadDeps, compiled: OrderedRows, scope: ExportScope, asked: HeadAsked): Promise<Head> => {
  const { source } = compiled.table;
  switch (source.kind) {
    case "replacing":
      return headOfVersions(deps, compiled, scope, asked);
    case "derived":
      return withIds(deps, compiled, whole(compiled, scope), asked);
    case "postgres":
      return headOfPostgres(deps, compiled, { scope, structure: source.structure, asked });
    default:
      return source satisfies never;
  }
};

const withIds = async (
  { clickhouse }: Pick<HeadDeps, "clickhouse">,
  { table }: OrderedRows,
  query: HeadQuery,
  { rowsMax, key }: HeadAsked,
): Promise<Head> => {
  const id = `${table.id} AS row_id`;
  const rows = await clickhouse.queryRows<{ row_id: string }>(
    query(key === undefined ? { sql: id, uses: [] } : { sql: `${id}, ${key.sql}`, uses: key.uses }, rowsMax),
  );
  return { query, ids: rows.map(({ row_id }) => row_id), rows };
};

/** Reads everything: the rows of such a table exist only once all of them are added up. */
const whole = (compiled: OrderedRows, scope: ExportScope): HeadQuery => {
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
export const headOfVersions = async (
  deps: Pick<HeadDeps, "clickhouse">,
  compiled: OrderedRows,
  scope: ExportScope,
  asked: HeadAsked,
): Promise<Head> => {
  const { rowsMax, rowsRead = rowsMax, from } = asked;
  for (let versionsMax = Math.max(versionsFirst, Math.ceil(1.25 * rowsMax)); ; versionsMax *= versionsFactor) {
    const versions = await listVersions(deps, compiled, scope, { versionsMax, from });
    const newestAmong = await newestOf(deps, compiled, scope, versions);
    const head = await withIds(deps, compiled, newestAmong(versions), asked);
    if (head.ids.length < rowsMax && versions.length >= versionsMax) continue;
    const read = new Set(head.ids.slice(0, rowsRead));
    return { ...head, query: newestAmong(versions.filter(({ row_id }) => read.has(row_id))) };
  }
};

/** Days before the end in which the first rows are looked for; if too few match, in more of them, and at last in all. */
const firstDays = [2, 32];
const dayMs = 86_400_000;

/** No window begins before the first instant of DateTime64, in 1900. */
const timeMinUs = Date.UTC(1901, 0, 1) * 1000;

/** Newest first, looks at the last days first: the server reads a table to its end unless the sort key begins with the time. */
const listVersions = async (
  { clickhouse }: Pick<HeadDeps, "clickhouse">,
  compiled: OrderedRows,
  scope: ExportScope,
  { versionsMax, from }: { versionsMax: number; from: string | undefined },
): Promise<Version[]> => {
  const { table, orderOfVersions } = compiled;
  const where = exportPredicate(compiled, scope);
  const inProject = `FROM ${fromClause(table, scope.physical, { needsFinal: false, names: [] })} WHERE e.project_id = {projectId:String}`;
  const list = (since: Sql) =>
    clickhouse.queryRows<Version>({
      sql: `SELECT ${table.id} AS row_id, toString(${versionTuple(table)}) AS version, toUnixTimestamp64Micro(${table.time}) AS us, toUnixTimestamp64Micro(${table.version}) AS version_us
      FROM ${fromClause(table, scope.physical, { needsFinal: false, names: [where, orderOfVersions], among: since.sql === "" ? null : `${inProject}${since.sql}` })}
      WHERE ${where.sql}${since.sql} AND ${notDeleted(table, scope.window)} ORDER BY ${orderOfVersions.sql} LIMIT ${versionsMax}`,
      params: { ...where.params, ...since.params },
    });
  const endUs = from === undefined ? Date.parse(scope.window.end) * 1000 : Number(from);
  const end = "least(fromUnixTimestamp64Micro({headEnd:Int64}), now64(6))";
  for (const days of compiled.followsSortingKey && compiled.isDescending ? firstDays : []) {
    // The filters reach no further back than this window.
    if (compiled.from !== null && compiled.from.getTime() >= endUs / 1000 - days * dayMs) break;
    const since = ` AND ${table.time} >= ${end} - INTERVAL ${days} DAY`;
    const found = await list({ sql: since, uses: [], params: { headEnd: String(Math.max(timeMinUs, endUs)) } });
    if (found.length >= versionsMax) return found;
  }
  return list({ sql: "", uses: [], params: {} });
};

/** Name of the external table with the listed versions. */
const headVersions = "head_versions";

const tableOf = (versions: readonly Version[]) =>
  externalTable(
    "id String, version String",
    versions.map(({ row_id, version }) => ({ id: row_id, version })),
  );

/** Looks for old sort keys of the given versions. Returns what builds the query of the rows whose newest version is among some of them. */
const newestOf = async (
  { clickhouse }: Pick<HeadDeps, "clickhouse">,
  compiled: OrderedRows,
  scope: ExportScope,
  versions: readonly Version[],
): Promise<(among: readonly Version[]) => HeadQuery> => {
  const { table } = compiled;
  const { physical, projectId, window } = scope;
  const unmerged = fromClause(table, physical, { needsFinal: false, names: [] });
  // Only newer versions can replace these, and the index on the version column finds them. The index on ids alone passes most granules.
  const only: Sql = {
    sql: `${table.id} IN (SELECT id FROM ${headVersions}) AND ${table.version} >= fromUnixTimestamp64Micro({headSince:Int64})`,
    uses: [],
    params: { [headVersions]: tableOf(versions), headSince: smallest(versions.map(({ version_us }) => Number(version_us))) },
  };
  const rekeyed = await findRekeyedRows(clickhouse, { from: unmerged, table, projectId, only });
  const isListed = ` AND (${table.id}, toString(${versionTuple(table)})) IN (SELECT id, version FROM ${headVersions})`;
  const newest = joinSql(
    [exportPredicate(compiled, scope), ` AND ${notDeleted(table, window)}`, withoutRekeyed(table, rekeyed), isListed],
    "",
  );
  return (among) => {
    const where: Sql = { ...newest, params: { ...newest.params, [headVersions]: tableOf(among) } };
    const times = among.map(({ us }) => Number(us));
    const slice = {
      startUs: smallest(times),
      endUs: 1 - smallest(times.map((us) => -us)),
      hashStart: 0,
      hashEnd: hashEndMax,
      rows: among.length,
      bytes: 0,
    };
    return (list, limitRows) =>
      selectSlice({ compiled, physical, where, needsFinal: true, onlyIds: headVersions }, slice, { list, limitRows });
  };
};

const smallest = (numbers: readonly number[]): number => numbers.reduce((a, b) => Math.min(a, b), numbers[0] ?? 0);

/** Rows of Postgres are passed to ClickHouse in pieces of about this size; only the lines that match are kept. */
const pieceBytesMax = 2 * 1024 * 1024;
const pieceRowsMax = 20_000;

type Match = { us: string; line: string };

/**
 * Reads rows of Postgres along time until enough match. Postgres orders rows of one instant by id, a file orders them by the hash of it
 * first: rows of the last instant that was read count only once all of them are there.
 */
const headOfPostgres = async (
  deps: HeadDeps,
  compiled: OrderedRows,
  { scope, structure, asked }: { scope: ExportScope; structure: string; asked: HeadAsked },
): Promise<Head> => {
  const { table, isDescending } = compiled;
  const upTo = { projectId: scope.projectId, cutoff: scope.window.end };
  const rowsOf = (lines: readonly string[]): HeadQuery => {
    const query = whole(compiled, scope);
    return (list, limitRows) => {
      const { sql, params, settings } = query(list, limitRows);
      return { sql, params: { ...params, [postgresRows]: { structure, lines: lines.join("\n") } }, settings };
    };
  };
  let found: Match[] = [];
  let after: PostgresPosition | null = asked.from === undefined ? null : { us: asked.from, id: null };
  for (let rowsMax = 2 * asked.rowsMax; ; rowsMax = Math.min(pieceRowsMax, 4 * rowsMax)) {
    const piece = await readPiece(deps.db, table.name, upTo, { after, isDescending, rowsMax, bytesMax: pieceBytesMax });
    found = [...found, ...(await matchesIn(deps, compiled, rowsOf(piece.lines), piece.lines))];
    const lines = (matches: readonly Match[]) => rowsOf(matches.map(({ line }) => line));
    if (piece.isLast) return withIds(deps, compiled, lines(found), asked);
    const { us } = piece.last;
    const complete = found.filter((match) => match.us !== us);
    if (complete.length >= asked.rowsMax) return withIds(deps, compiled, lines(complete), asked);
    after = piece.last;
  }
};

/** Returns the lines of the rows that match. */
const matchesIn = async (
  { clickhouse }: HeadDeps,
  { table }: OrderedRows,
  query: HeadQuery,
  lines: readonly string[],
): Promise<Match[]> => {
  if (lines.length === 0) return [];
  const list = { sql: `${table.id} AS row_id, toString(toUnixTimestamp64Micro(${table.time})) AS us`, uses: [] };
  const rows = await clickhouse.queryRows<{ row_id: string; us: string }>(query(list, lines.length));
  const byId = new Map(lines.map((line) => [(JSON.parse(line) as { id: string }).id, line]));
  return rows.map(({ row_id, us }) => ({ us, line: byId.get(row_id) ?? "" }));
};
