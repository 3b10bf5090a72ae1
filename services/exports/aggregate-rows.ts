/**
 * Aggregates over the rows that an export of the same query would hold: each id once, in its newest version. Reads the columns that the
 * query and the aggregate name. Memory: the aggregates, and one piece of rows of Postgres.
 */
import {
  type ExportScope,
  exportPredicate,
  fromClause,
  notDeleted,
  type PhysicalTables,
  postgresRows,
  windowBounds,
} from "../../core/query/build-query.ts";
import type { CompiledQuery } from "../../core/query/compile-query.ts";
import type { ExportQuery } from "../../core/query/export-query.ts";
import { type Expression, joinSql, type Sql, usesOf } from "../../core/query/sql.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { findRekeyedRows, hasRekeyedRows, withoutRekeyed } from "../../db/clickhouse/rekeyed-rows.ts";
import type { Database } from "../../db/postgres/client.ts";
import { type PostgresPosition, readPiece } from "../../db/postgres/export-rows.ts";
import { loadLookups } from "../../db/postgres/lookups.ts";
import { compileForRun } from "./compile-for-run.ts";
import { withParams } from "./with-params.ts";

export type AggregateDeps = { db: Database; clickhouse: Pick<ClickHouse, "queryRows" | "openBytes">; physical: PhysicalTables };

/** `start` and `end` are ISO 8601 UTC: the half-open window of the table's time. A `start` of null means no lower bound. */
export type AggregateScope = { projectId: string; start: string | null; end: string };

export type Aggregate = {
  /** SELECT list. */
  list: Expression;
  /** Behind WHERE: GROUP BY and what follows it. */
  rest: string;
  params: Record<string, unknown>;
};

/**
 * Returns the rows of the aggregate, which the caller adds up: a table of Postgres is read in pieces, each with an aggregate of its own.
 * `aggregateOf` is called with the compiled query.
 */
export const aggregateRows = async <Row>(
  deps: AggregateDeps,
  query: ExportQuery,
  { projectId, start, end }: AggregateScope,
  aggregateOf: (compiled: CompiledQuery) => Aggregate,
): Promise<Row[]> => {
  const compiled = await compileForRun({ ...deps, hashKeyOf: () => Promise.resolve(null) }, undefined, query, { projectId, cutoff: end });
  const { list, rest, params } = aggregateOf(compiled);
  const lookups = await loadLookups(deps.db, projectId, usesOf([list, ...compiled.conditions]));
  const clickhouse = withParams(deps.clickhouse, { ...params, ...lookups });
  const scope: ExportScope = { projectId, window: { axis: "eventTime", start, end }, physical: deps.physical };
  const predicate = exportPredicate(compiled, scope);
  const { source } = compiled.table;
  const select = (where: Sql, needsFinal: boolean, more: Record<string, unknown> = {}): Promise<Row[]> =>
    clickhouse.queryRows<Row>({
      sql: `SELECT ${list.sql} FROM ${fromClause(compiled.table, deps.physical, { needsFinal, names: [where, list] })} WHERE ${where.sql} ${rest}`,
      params: { ...where.params, ...more },
    });
  switch (source.kind) {
    case "replacing":
      return newestOnly(clickhouse, compiled, scope, (condition) => select(joinSql([predicate, condition], ""), true));
    case "derived":
      return select(predicate, false);
    case "postgres":
      return inPieces(deps.db, compiled, scope, (lines) =>
        select(predicate, false, { [postgresRows]: { structure: source.structure, lines: lines.join("\n") } }),
      );
    default:
      return source satisfies never;
  }
};

/** Rows are rarely re-keyed, so the first answer is given without knowing, and asked for again if there are any. */
const newestOnly = async <Row>(
  clickhouse: Pick<ClickHouse, "queryRows">,
  { table }: CompiledQuery,
  { projectId, window, physical }: ExportScope,
  select: (condition: Sql) => Promise<Row[]>,
): Promise<Row[]> => {
  const from = fromClause(table, physical, { needsFinal: false, names: [] });
  const live: Sql = { sql: ` AND ${notDeleted(table, window)}`, uses: [], params: {} };
  const bounds = windowBounds(table, { projectId, window });
  // What replaces a row of the window was written after the first of them.
  const since = `${table.version} >= (SELECT minOrNull(${table.version}) FROM ${from} WHERE e.project_id = {projectId:String} AND ${bounds.sql})`;
  const asked = { from, table, projectId, ...(window.start === null ? {} : { only: { ...bounds, sql: since } }) };
  const [hasRekeyed, rows] = await Promise.all([hasRekeyedRows(clickhouse, asked), select(live)]);
  if (!hasRekeyed) return rows;
  return select(joinSql([live, withoutRekeyed(table, await findRekeyedRows(clickhouse, asked))], ""));
};

const pieceBytesMax = 4 * 1024 * 1024;
const pieceRowsMax = 20_000;

const inPieces = async <Row>(
  db: Database,
  { table }: CompiledQuery,
  { projectId, window: { start, end } }: ExportScope,
  select: (lines: readonly string[]) => Promise<Row[]>,
): Promise<Row[]> => {
  const startUs = start === null ? Number.NEGATIVE_INFINITY : Date.parse(start) * 1000;
  const rows: Row[] = [];
  for (let after: PostgresPosition | null = null; ; ) {
    const bounds = { after, isDescending: true, rowsMax: pieceRowsMax, bytesMax: pieceBytesMax };
    const piece = await readPiece(db, table.name, { projectId, cutoff: end }, bounds);
    if (piece.lines.length > 0) rows.push(...(await select(piece.lines)));
    if (piece.isLast || Number(piece.last.us) < startUs) return rows;
    after = piece.last;
  }
};
