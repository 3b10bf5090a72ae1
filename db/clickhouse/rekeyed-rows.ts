/**
 * ClickHouse: finds re-keyed rows, written again under another sort key, such as another time or type. The engine keeps all their versions,
 * and only the newest counts; FINAL merges versions of one sort key only. Memory: at most 200,000 keys.
 */
import { AppError } from "../../core/errors.ts";
import { externalTable } from "../../core/query/external-table.ts";
import type { Sql } from "../../core/query/sql.ts";
import type { ExportTable } from "../../core/query/tables/table.ts";
import type { ClickHouse } from "./client.ts";

/** Limit of the ids listed with several sort keys. Above it, the export is refused rather than wrong. */
const rekeyedRowsMax = 200_000;

/** A sort key of a row that was written under more than one. `nth` 1 is the newest; `versionUs` is its newest version. */
type RekeyedRow = { id: string; place: string; versionUs: string; nth: string };

type KeyedTable = Pick<ExportTable, "id" | "time" | "version" | "isDeleted" | "place">;

/**
 * The sort key with the row's time. FINAL merges a time that changed under one sort key, but not in a query on a time range: the server
 * first skips parts outside the range, and with them the newer version.
 */
const sortKeyAndTime = ({ place, time }: KeyedTable): string => `cityHash64(${place}, ${time})`;

/**
 * Selects the sort keys of re-keyed rows, including rows whose time changed under their key. If the newest version is a deletion, it
 * deletes the row under every earlier key.
 * Reads the whole project, whatever the filter: the newest version decides whether an id is exported at all. `from` has no FINAL.
 */
const rekeyedSql = (from: string, table: KeyedTable, only?: Sql): string => {
  const { id, time, version, isDeleted } = table;
  const place = sortKeyAndTime(table);
  const project = versionsOf(only);
  return `SELECT id, place, version_us, row_number() OVER (PARTITION BY id ORDER BY version_us DESC, is_gone, time_us DESC, place) AS nth FROM (
      SELECT ${id} AS id, ${place} AS place, max(toUnixTimestamp64Micro(${version})) AS version_us, max(toUnixTimestamp64Micro(${time})) AS time_us,
        argMax(${isDeleted}, ${version}) AS is_gone
      FROM ${from} WHERE ${project} AND cityHash64(${id}) IN (${rekeyedHashes(from, table, only)}) GROUP BY id, place
    )`;
};

const versionsOf = (only: Sql | undefined): string => `e.project_id = {projectId:String}${only === undefined ? "" : ` AND ${only.sql}`}`;

const rekeyedHashes = (from: string, table: KeyedTable, only?: Sql): string => {
  const place = sortKeyAndTime(table);
  return `SELECT cityHash64(${table.id}) AS hash FROM ${from} WHERE ${versionsOf(only)} GROUP BY hash HAVING min(${place}) != max(${place})`;
};

type RekeyedAsked = { from: string; table: KeyedTable; projectId: string; only?: Sql };

/** A GROUP BY of hashes spills to disk beyond this size. */
const spilling = { max_bytes_before_external_group_by: String(1024 * 1024 * 1024) };

/** Returns whether there may be re-keyed rows, for half of what their list costs. */
export const hasRekeyedRows = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  { from, table, projectId, only }: RekeyedAsked,
): Promise<boolean> => {
  const rows = await clickhouse.queryRows({
    sql: `SELECT 1 FROM (${rekeyedHashes(from, table, only)}) LIMIT 1`,
    params: { projectId, ...only?.params },
    settings: spilling,
  });
  return rows.length > 0;
};

/**
 * Lists the sort keys, for `withoutRekeyed` to exclude and `areRekeyed` to compare. Reads ids and keys of the project, or of
 * the versions that satisfy `only`; spills to disk beyond 1 GiB of hashes.
 */
export const findRekeyedRows = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  { from, table, projectId, only }: RekeyedAsked,
  { signal, queryId }: { signal?: AbortSignal | undefined; queryId?: string } = {},
): Promise<RekeyedRow[]> => {
  const rows = await clickhouse.queryRows<RekeyedRow>({
    sql: `SELECT id, toString(place) AS place, toString(version_us) AS versionUs, toString(nth) AS nth FROM (${rekeyedSql(from, table, only)}) LIMIT ${rekeyedRowsMax + 1}`,
    params: { projectId, ...only?.params },
    settings: spilling,
    signal,
    ...(queryId === undefined ? {} : { queryId }),
  });
  if (rows.length > rekeyedRowsMax)
    throw new AppError({ code: "EXPORT_TOO_LARGE", message: `More than ${rekeyedRowsMax} rows of this project are stored in two places.` });
  return rows;
};

/** Returns whether a row was re-keyed between the two listings. A key that is no longer listed has only been merged. */
export const areRekeyed = (before: readonly RekeyedRow[], after: readonly RekeyedRow[]): boolean => {
  const newest = new Map(before.filter(({ nth }) => nth === "1").map(({ id, versionUs }) => [id, versionUs]));
  return after.some(({ id, versionUs, nth }) => nth === "1" && newest.get(id) !== versionUs);
};

/** Excludes every sort key but the newest. */
export const withoutRekeyed = (table: KeyedTable, rekeyed: readonly RekeyedRow[]): Sql => {
  const old = rekeyed.filter(({ nth }) => nth !== "1").map((row) => ({ id: row.id, place: row.place }));
  if (old.length === 0) return { sql: "", uses: [], params: {} };
  return {
    sql: ` AND (${table.id}, ${sortKeyAndTime(table)}) NOT IN (SELECT id, place FROM rekeyed_rows)`,
    uses: [],
    params: { rekeyed_rows: externalTable("id String, place UInt64", old) },
  };
};

/** Excludes them within the query itself, so that it sees one snapshot of the table. */
export const withoutRekeyedInside = (from: string, table: KeyedTable): string =>
  ` AND (${table.id}, ${sortKeyAndTime(table)}) NOT IN (SELECT id, place FROM (${rekeyedSql(from, table)}) WHERE nth > 1)`;
