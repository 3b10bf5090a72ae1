/** Stage 4, query: tables of ClickHouse, cut into slices along time; each slice is one ordered query that writes the final bytes. */
import { AppError } from "../../core/errors.ts";
import {
  countPredicate,
  type ExportScope,
  exportPredicate,
  fromClause,
  isCountExact,
  type PhysicalTables,
} from "../../core/exports/build-query.ts";
import { handSet, handTable } from "../../core/exports/handed-table.ts";
import type { Slice } from "../../core/exports/slice.ts";
import { selectList } from "../../core/formats/file-format.ts";
import { compressions, formats } from "../../core/formats/index.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import {
  findMovedRows,
  type MovedRow,
  type PlanBounds,
  planExport,
  sliceCondition,
  withoutMoved,
} from "../../db/clickhouse/plan-export.ts";
import type { Database } from "../../db/postgres/client.ts";
import { listCommentedIds, loadCommentTexts } from "../../db/queries/comments.ts";
import type { ExportSource, SourceRequest, SourceSlice } from "./export-source.ts";

export type ClickHouseSourceDeps = {
  db: Database;
  clickhouse: ClickHouse;
  physical: PhysicalTables;
  bounds: PlanBounds;
  /** Threads of the server for one slice. */
  sliceThreads: number;
};

export const openClickHouseSource = async (
  deps: ClickHouseSourceDeps,
  request: SourceRequest,
  lookups: Record<string, unknown>,
): Promise<ExportSource> => {
  const { compiled } = request;
  const { table } = compiled;
  const scope: ExportScope = { projectId: request.projectId, cutoff: request.cutoff, physical: deps.physical };
  const at = { signal: request.signal, queryId: request.queryId };
  const { rows, slices, startUs, moved, needsFinal } = await planned(deps, request, scope);
  const isExact = isCountExact(compiled) && moved.length === 0;

  const base = exportPredicate(compiled, scope);
  const without = withoutMoved(table, moved);
  const where = `${base.sql} AND ${table.isDeleted} = 0${without.sql}`;
  const params = { ...base.params, ...without.params, ...compiled.selection.params, ...lookups };
  const ordered = compiled.followsSortingKey && slices.length > 0 ? (compiled.isDescending ? slices.toReversed() : slices) : [undefined];
  const commentedIds = compiled.selection.hasComments ? await commentedBySlice(deps, request, scope, ordered) : undefined;

  const open = (slice: Slice | undefined, index: number): SourceSlice["open"] => {
    const bounds = slice === undefined ? { sql: "1", params: wholeTime } : sliceCondition(table, slice);
    return async ({ tries, limitRows, isFirst }) => {
      const format = formats[request.format].slice(compiled.selection.select, { isFirst, ...request.options });
      const list = selectList(format);
      const names = [list, where, compiled.orderBy];
      return deps.clickhouse.openBytes({
        sql: `SELECT ${list} FROM ${fromClause(table, deps.physical, { needsFinal, names })} WHERE ${where} AND ${bounds.sql} ORDER BY ${compiled.orderBy} LIMIT 1 BY ${table.id} LIMIT ${limitRows} FORMAT ${format.clickhouseFormat}`,
        params: { ...params, ...bounds.params, ...(await commentParams(deps, request, commentedIds?.[index])) },
        settings: {
          ...format.settings,
          // The one query of an order that does not follow the sorting key has nothing running beside it.
          ...(slice === undefined ? {} : { max_threads: String(deps.sliceThreads) }),
        },
        contentEncoding: compressions[request.compression].contentEncoding,
        queryId: `${request.queryId}-${index}-${tries}`,
        signal: request.signal,
      });
    };
  };

  const countOf = async (predicate: { sql: string; params: Record<string, unknown> }, limitRows?: number) => {
    const from = `${fromClause(table, deps.physical, { needsFinal: true, names: [predicate.sql] })} WHERE ${predicate.sql}`;
    const [found] = await deps.clickhouse.queryRows<{ rows: string }>({
      sql:
        limitRows === undefined
          ? `SELECT count() AS rows FROM ${from}`
          : `SELECT count() AS rows FROM (SELECT 1 FROM ${from} LIMIT ${limitRows})`,
      params: predicate.params,
      signal: request.signal,
    });
    return Number(found?.rows);
  };

  return {
    plan: { slices, rowSlices: [], rows, startUs, needsFinal },
    slices: ordered.map((slice, index) => ({ rows: slice?.rows ?? rows, bytes: slice?.bytes ?? 0, open: open(slice, index) })),
    rows,
    isExact,
    count: () => countOf(countPredicate(compiled, scope)),
    hasMoreThan: async (limit) => (isExact ? rows > limit : (await countOf(exportPredicate(compiled, scope), limit + 1)) > limit),
  };

  /** Counts with FINAL and without: when both agree, no row is replaced or deleted, and slices can be read without merging. */
  async function planned(
    { clickhouse, physical, bounds }: ClickHouseSourceDeps,
    { known }: SourceRequest,
    { projectId }: ExportScope,
  ): Promise<{ rows: number; slices: Slice[]; startUs: number | null; moved: MovedRow[]; needsFinal: boolean }> {
    const predicate = countPredicate(compiled, scope);
    const isReplacing = table.source.kind === "replacing";
    const from = (needsFinal: boolean, names: string[]) => fromClause(table, physical, { needsFinal, names });
    const moving = isReplacing
      ? findMovedRows(
          clickhouse,
          {
            from: from(true, []),
            project: "e.project_id = {projectId:String}",
            id: table.id,
            time: table.time,
            version: table.version,
            params: { projectId },
          },
          at,
        )
      : Promise.resolve([]);
    if (known !== null) return { ...known, moved: await moving };
    const [found, moved, raw] = await Promise.all([
      planExport(
        clickhouse,
        {
          from: from(true, [predicate.sql, table.rowBytes]),
          where: predicate.sql,
          params: predicate.params,
          time: table.time,
          hash: table.hash,
          rowBytes: table.rowBytes,
        },
        bounds,
        at,
      ),
      moving,
      isReplacing
        ? clickhouse.queryRows<{ rows: string }>({
            sql: `SELECT count() AS rows FROM ${from(false, [predicate.sql])} WHERE ${predicate.sql} AND ${table.isDeleted} = 0`,
            params: predicate.params,
            signal: request.signal,
            queryId: `${request.queryId}-raw`,
          })
        : [],
    ]);
    return {
      rows: found.rows,
      slices: found.slices,
      startUs: found.startUs,
      moved,
      needsFinal: isReplacing && Number(raw[0]?.rows) !== found.rows,
    };
  }
};

/** For relations that look at the time of the slice: all that DateTime64 can hold. */
const wholeTime = { sliceStart: Date.UTC(1900, 0, 1) * 1000, sliceEnd: Date.UTC(2262, 0, 1) * 1000 };

/** Ids with comments are looked up in one go, their words only with the slice that needs them. Memory: the ids. */
const commentedIdsMax = 500_000;

/** Ids with comments, by the slice their rows are in: a slice is sent its own comments and no others. */
const commentedBySlice = async (
  deps: ClickHouseSourceDeps,
  { compiled, projectId, cutoff, signal, queryId }: SourceRequest,
  scope: ExportScope,
  slices: readonly (Slice | undefined)[],
): Promise<string[][]> => {
  const { table } = compiled;
  if (table.commentObject === null) return [];
  const ids = await listCommentedIds(deps.db, { projectId, objectType: table.commentObject, cutoff }, commentedIdsMax);
  if (ids.length > commentedIdsMax) throw new AppError({ code: "TOO_MANY_COMMENTS" });
  if (slices.length === 1) return [ids];
  const bySlice: Set<string>[] = slices.map(() => new Set());
  for (let from = 0; from < ids.length; from += 20_000) {
    const places = await deps.clickhouse.queryRows<{ id: string; us: string }>({
      sql: `SELECT ${table.id} AS id, toUnixTimestamp64Micro(${table.time}) AS us FROM ${fromClause(table, deps.physical, { needsFinal: false, names: [] })}
        WHERE e.project_id = {projectId:String} AND ${table.id} IN (SELECT v FROM commented_ids)`,
      params: { projectId: scope.projectId, commented_ids: handSet(ids.slice(from, from + 20_000)) },
      signal,
      queryId: `${queryId}-comments`,
    });
    for (const { id, us } of places)
      for (const [index, slice] of slices.entries())
        if (slice !== undefined && Number(us) >= slice.startUs && Number(us) < slice.endUs) bySlice[index]?.add(id);
  }
  return bySlice.map((set) => [...set]);
};

const commentParams = async (
  deps: ClickHouseSourceDeps,
  { compiled, projectId, cutoff }: SourceRequest,
  ids: readonly string[] | undefined,
): Promise<Record<string, unknown>> => {
  if (ids === undefined || compiled.table.commentObject === null) return {};
  const found =
    ids.length === 0 ? [] : await loadCommentTexts(deps.db, { projectId, objectType: compiled.table.commentObject, cutoff }, ids);
  return { comment_rows: handTable("id String, text String", found) };
};
