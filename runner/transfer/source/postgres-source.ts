/**
 * Stage 4, query: exports a Postgres table. Reads each slice from Postgres and passes it to ClickHouse, which filters it and writes the
 * final bytes. Memory: each open slice.
 */

import { exportPredicate, fromClause, isCountExact, type PhysicalTables, postgresRows } from "../../../core/query/build-query.ts";
import { compressions, formats } from "../../../core/query/formats/index.ts";
import { withheldIn } from "../../../core/query/guard-columns.ts";
import type { ClickHouse } from "../../../db/clickhouse/client.ts";
import { parseCount } from "../../../db/clickhouse/parse-count.ts";
import type { Database } from "../../../db/postgres/client.ts";
import { countRows, planRows, type RowSlice, readRows } from "../../../db/postgres/export-rows.ts";
import { guardSlices, type SliceQuery } from "../../../services/exports/guard-slices.ts";
import { type ExportSource, isExplained, RowsRekeyed, type SourceRequest, type SourceSlice } from "./export-source.ts";

type PostgresSourceDeps = { db: Database; clickhouse: ClickHouse; physical: PhysicalTables };

const sliceBytes = 4 * 1024 * 1024;

export const openPostgresSource = async (
  { db, clickhouse, physical }: PostgresSourceDeps,
  request: SourceRequest,
): Promise<ExportSource> => {
  const { compiled, projectId, window } = request;
  const { table } = compiled;
  if (window.axis !== "eventTime" || window.start !== null) throw new Error(`${table.name} is read up to an instant only.`);
  const scope = { projectId, cutoff: window.end };
  const slices = request.known?.rowSlices ?? (await planRows(db, table.name, scope, sliceBytes));
  const rows = slices.reduce((sum, slice) => sum + slice.rows, 0);
  const predicate = exportPredicate(compiled, { projectId, window, physical });
  const ordered = slices.length === 0 ? [undefined] : compiled.isDescending ? slices.toReversed() : slices;
  const isExact = isCountExact(compiled) && compiled.conditions.length === 0;

  const structure = table.source.kind === "postgres" ? table.source.structure : "";
  const ask = async (slice: RowSlice | undefined) => ({
    ...predicate.params,
    ...compiled.selection.params,
    [postgresRows]: { structure, lines: slice === undefined ? "" : await readRows(db, table.name, scope, slice) },
  });
  // Postgres texts are valid UTF-8 without NUL, so only privacy rules can leave something to count.
  const guard = guardSlices(() => compiled.selection.select, request.format, withheldIn);
  const rowsSql = (list: string, limitRows: number) =>
    `SELECT ${list} FROM ${fromClause(table, physical, { needsFinal: false, names: [] })} WHERE ${predicate.sql} ORDER BY ${compiled.orderBy.sql} LIMIT ${limitRows}`;
  const open =
    (slice: RowSlice | undefined, index: number): SourceSlice["open"] =>
    async ({ attempts, limitRows, isFirst, isCompressed }) => {
      const run = async ({ format, list, suffix }: SliceQuery) =>
        clickhouse.openBytes({
          sql: `${rowsSql(list.sql, limitRows)} FORMAT ${format.clickhouseFormat}`,
          params: await ask(slice),
          settings: format.settings,
          contentEncoding: isCompressed ? compressions[request.compression].contentEncoding : null,
          queryId: `${request.queryId}-${index}-${attempts}${suffix}`,
          signal: request.signal,
        });
      return guard.open(index, run, (columns) => formats[request.format].slice(columns, { isFirst, ...request.options }));
    };

  const first = slices[0];
  return {
    plan: {
      slices: [],
      rowSlices: slices,
      rows,
      startUs: first === undefined ? null : Date.parse(first.from.at) * 1000,
      needsFinal: false,
      isWhole: false,
      plannedAtUs: request.known?.plannedAtUs ?? 0,
    },
    slices: ordered.map((slice, index) => ({ rows: slice?.rows ?? 0, bytes: slice?.bytes ?? 0, open: open(slice, index) })),
    rows,
    isExact,
    proveNothingRekeyed: async (written) => {
      if (written === null || !isExact || written === rows) return;
      const now = await countRows(db, table.name, scope);
      if (!isExplained({ planned: rows, written, now, changes: 0 }))
        throw new RowsRekeyed(`planned ${rows}, written ${written}, counted after ${now}`);
    },
    countChanges: (rowsWritten) =>
      guard.count(rowsWritten, ordered.length, async (index, { list, outer, limitRows }) => {
        const found = await clickhouse.queryRows<Record<string, string>>({
          sql: `SELECT ${outer} FROM (${rowsSql(list.sql, limitRows)})`,
          params: await ask(ordered[index]),
          signal: request.signal,
        });
        return found[0];
      }),
    hasMoreThan: async (limit) => {
      if (isExact) return rows > limit;
      let found = 0;
      for (const slice of ordered) {
        const [count] = await clickhouse.queryRows<{ rows: string }>({
          sql: `SELECT count() AS rows FROM ${fromClause(table, physical, { needsFinal: false, names: [] })} WHERE ${predicate.sql}`,
          params: await ask(slice),
          signal: request.signal,
        });
        found += parseCount(count?.rows);
        if (found > limit) return true;
      }
      return false;
    },
  };
};
