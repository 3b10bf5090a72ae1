/** Stage 4, query: tables of ClickHouse, cut into slices along time; each slice is one ordered query that writes the final bytes. */

import { AppError } from "../../../core/errors.ts";
import {
  countPredicate,
  type ExportScope,
  exportPredicate,
  fromClause,
  isCountExact,
  joinsFor,
  type PhysicalTables,
  type Predicate,
} from "../../../core/query/build-query.ts";
import { handSet, handTable } from "../../../core/query/external-table.ts";
import { compressions, formats } from "../../../core/query/formats/index.ts";
import { findingsOf } from "../../../core/query/guard-columns.ts";
import type { SelectedColumn } from "../../../core/query/selected-column.ts";
import type { Slice } from "../../../core/query/slice.ts";
import { mapUnquoted } from "../../../core/query/sql-text.ts";
import { narrowRelations } from "../../../core/query/tables/relations.ts";
import type { ClickHouse } from "../../../db/clickhouse/client.ts";
import { parseCount } from "../../../db/clickhouse/parse-count.ts";
import {
  findMovedRows,
  haveMoved,
  type PlanBounds,
  planExport,
  sliceCondition,
  withoutMoved,
  withoutMovedInside,
} from "../../../db/clickhouse/plan-export.ts";
import type { Database } from "../../../db/postgres/client.ts";
import { listCommentedIds, loadCommentTexts } from "../../../services/comments/list-commented-ids.ts";
import { type ExportSource, isExplained, RowsMoved, type SourcePlan, type SourceRequest, type SourceSlice } from "./export-source.ts";

import { guardSlices, type SliceQuery } from "./guarded-slices.ts";

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
  const { clickhouse, physical } = deps;
  const { compiled, projectId, known } = request;
  const { table } = compiled;
  const { signal } = request;
  const scope: ExportScope = { projectId, cutoff: request.cutoff, physical };
  const isReplacing = table.source.kind === "replacing";
  const isWhole = known?.isWhole ?? request.isWhole;
  const from = (needsFinal: boolean, names: readonly string[]) => fromClause(table, physical, { needsFinal, names });
  const findMoved = (name: string) =>
    isReplacing
      ? findMovedRows(clickhouse, { from: from(false, []), table, projectId }, { signal, queryId: `${request.queryId}-${name}` })
      : [];

  const countable = countPredicate(compiled, scope);
  // Hardly ever has a row moved: the plan does not wait to hear it, and is made again if one has.
  const [moved, hasty] = await Promise.all([findMoved("moved"), known ?? makePlan(countable, request.queryId)]);
  const without = withoutMoved(table, moved);
  const counted = { sql: `${countable.sql}${without.sql}`, params: { ...countable.params, ...without.params } };
  const plan = known === null && without.sql !== "" ? await makePlan(counted, `${request.queryId}-unmoved`) : hasty;
  const { rows, slices, needsFinal } = plan;
  const isExact = isCountExact(compiled) && !isWhole;

  const base = exportPredicate(compiled, scope);
  const exported = isWhole && isReplacing ? { sql: withoutMovedInside(from(false, []), table), params: {} } : without;
  const where = `${base.sql} AND ${table.isDeleted} = 0${exported.sql}`;
  const params = { ...base.params, ...exported.params, ...compiled.selection.params, ...lookups };
  const isSliced = compiled.followsSortingKey && slices.length > 0 && !isWhole;
  const ordered = isSliced ? (compiled.isDescending ? slices.toReversed() : slices) : [undefined];
  const commentedIds = compiled.selection.hasComments ? await commentedBySlice(deps, request, scope, ordered) : undefined;
  const wholeBytes = isWhole ? Number.POSITIVE_INFINITY : slices.reduce((sum, { bytes }) => sum + bytes, 0);
  const oneMoment = isSliced ? {} : await sharedSnapshot(clickhouse, signal);

  const guard = guardSlices(compiled.selection.select, request.format, findingsOf(compiled.selection.select, request.format));
  const open =
    (slice: Slice | undefined, index: number): SourceSlice["open"] =>
    async ({ tries, limitRows, isFirst, isCompressed }) => {
      const formatOf = (columns: SelectedColumn[]) => formats[request.format].slice(columns, { isFirst, ...request.options });
      const run = async ({ format, list, suffix }: SliceQuery) => {
        const { sql, settings, ...more } = await statement(slice, index, list, limitRows);
        return clickhouse.openBytes({
          ...more,
          sql: `${sql} FORMAT ${format.clickhouseFormat}`,
          settings: { ...format.settings, ...settings },
          contentEncoding: isCompressed ? compressions[request.compression].contentEncoding : null,
          queryId: `${request.queryId}-${index}-${tries}${suffix}`,
        });
      };
      return guard.open(index, run, formatOf);
    };

  /** A SELECT of these expressions over the rows of a slice, or of all. */
  const statement = async (slice: Slice | undefined, index: number, wanted: string, limitRows: number) => {
    const bounds = slice === undefined ? { sql: "1", params: wholeTime } : sliceCondition(table, slice);
    const ids = commentedIds?.[index] ?? [];
    // A join copies every row, fat payloads too: a slice without comments does without.
    const list = ids.length === 0 ? mapUnquoted(wanted, (sql) => sql.replaceAll("commentRows.text", "''")) : wanted;
    const within = `WHERE ${where} AND ${bounds.sql} ORDER BY ${compiled.orderBy} LIMIT 1 BY ${table.id} LIMIT ${limitRows}`;
    const joins = joinsFor(table, [list]);
    const isJoinedLater = slice !== undefined && joins.length > 0;
    const rowsSql = isJoinedLater
      ? `SELECT ${list} FROM (SELECT e.* FROM ${from(needsFinal, [where, compiled.orderBy])} ${within}) AS e ${joins.join(" ")}`
      : `SELECT ${list} FROM ${from(needsFinal, [list, where, compiled.orderBy])} ${within}`;
    return {
      sql:
        slice === undefined
          ? rowsSql
          : narrowRelations(rowsSql, `FROM ${from(false, [])} WHERE e.project_id = {projectId:String} AND ${bounds.sql}`),
      params: { ...params, ...bounds.params, ...(await commentParams(deps, request, ids)) },
      settings: {
        // The one query of an order that does not follow the sorting key has nothing running beside it. Slices run side by side: one that formats
        // with several threads only costs a tenth more of the server's time (docs/benchmarks.md).
        ...(slice === undefined ? oneMoment : { max_threads: String(deps.sliceThreads), output_format_parallel_formatting: "0" }),
        ...(isJoinedLater ? joinedInOrder : {}),
      },
      timeoutSeconds: slice === undefined ? wholeTimeoutSeconds : sliceTimeoutSeconds,
      signal,
    };
  };

  const countOf = async (name: string, predicate: { sql: string; params: Record<string, unknown> }, limitRows?: number) => {
    const source = `${from(true, [predicate.sql])} WHERE ${predicate.sql}`;
    const [found] = await clickhouse.queryRows<{ rows: string }>({
      sql:
        limitRows === undefined
          ? `SELECT count() AS rows FROM ${source}`
          : `SELECT count() AS rows FROM (SELECT 1 FROM ${source} LIMIT ${limitRows})`,
      params: predicate.params,
      queryId: `${request.queryId}-${name}`,
      signal,
    });
    return parseCount(found?.rows);
  };

  return {
    plan,
    slices: ordered.map((slice, index) => ({ rows: slice?.rows ?? rows, bytes: slice?.bytes ?? wholeBytes, open: open(slice, index) })),
    rows,
    isExact,
    proveUnmoved: async (written) => {
      if (!isSliced) return;
      const movedNow = await findMoved("moved-after");
      if (haveMoved(moved, movedNow)) throw new RowsMoved("a row was written in another place during the export");
      if (written === null || !isExact || written === rows) return;
      const now = await countOf("after", counted);
      const changes = isReplacing ? await countChanges() : 0;
      if (!isExplained({ planned: rows, written, now, changes }))
        throw new RowsMoved(`planned ${rows}, written ${written}, counted after ${now}, ${changes} changed meanwhile`);
    },
    countChanges: (rowsWritten) =>
      guard.count(rowsWritten, ordered.length, async (index, { list, outer, limitRows }) => {
        const { sql, ...more } = await statement(ordered[index], index, list, limitRows);
        const found = await clickhouse.queryRows<Record<string, string>>({
          ...more,
          sql: `SELECT ${outer} FROM (${sql})`,
          queryId: `${request.queryId}-changes-${index}`,
        });
        return found[0];
      }),
    hasMoreThan: async (limit) =>
      isExact
        ? rows > limit
        : (await countOf("more", { sql: `${base.sql}${without.sql}`, params: { ...base.params, ...without.params } }, limit + 1)) > limit,
  };

  /** Rows of the project, in any version, that were written since the plan was made; by their own clock, which may be a minute behind. */
  async function countChanges(): Promise<number> {
    const [found] = await clickhouse.queryRows<{ rows: string }>({
      sql: `SELECT count() AS rows FROM ${from(false, [])} WHERE e.project_id = {projectId:String} AND ${table.version} >= fromUnixTimestamp64Micro({plannedAt:Int64}) - INTERVAL 60 SECOND`,
      params: { projectId, plannedAt: plan.plannedAtUs },
      queryId: `${request.queryId}-changes`,
      signal,
    });
    return parseCount(found?.rows);
  }

  /**
   * Sums the rows' hashes with FINAL and without: when both agree, no row is replaced or deleted, and slices can be read without merging.
   * Sums and not counts, since the two are not taken at one moment, and rows that come and go in between could make counts agree. The server may hold an id for a moment
   * after its query was answered: a second plan asks under ids of its own.
   */
  async function makePlan(counted: Predicate, queryId: string): Promise<SourcePlan> {
    const us = `toUnixTimestamp64Micro(${table.version})`;
    const rowHash = `cityHash64(${table.id}, ${table.place}, ${us})`;
    const [found, raw, clock] = await Promise.all([
      planExport(
        clickhouse,
        {
          from: from(true, [counted.sql, table.rowBytes]),
          where: counted.sql,
          params: counted.params,
          time: table.time,
          hash: table.hash,
          rowBytes: table.rowBytes,
          rowHash,
        },
        deps.bounds,
        { signal, queryId },
      ),
      isReplacing
        ? clickhouse.queryRows<{ checksum: string }>({
            sql: `SELECT sum(${rowHash}) AS checksum FROM ${from(false, [counted.sql])} WHERE ${counted.sql} AND ${table.isDeleted} = 0`,
            params: counted.params,
            queryId: `${queryId}-raw`,
            signal,
          })
        : [],
      clickhouse.queryRows<{ us: string }>({ sql: "SELECT toUnixTimestamp64Micro(now64(6)) AS us", signal }),
    ]);
    return {
      rows: found.rows,
      slices: isWhole ? [] : found.slices,
      rowSlices: [],
      startUs: found.startUs,
      needsFinal: isReplacing && (isWhole || raw[0]?.checksum !== found.checksum),
      isWhole,
      plannedAtUs: parseCount(clock[0]?.us),
    };
  }
};

/** A slice that takes longer has no server behind it any more; one query for everything may well take long. */
const sliceTimeoutSeconds = 600;
const wholeTimeoutSeconds = 6 * 3600;

/** Makes all parts of a query see one state of the table, where the server knows how; before, they are apart by milliseconds. */
const sharedSnapshot = async (clickhouse: ClickHouse, signal: AbortSignal): Promise<Record<string, string>> => {
  const name = "enable_shared_storage_snapshot_in_query";
  const found = await clickhouse.queryRows<{ name: string }>({
    sql: "SELECT name FROM system.settings WHERE name = {name:String}",
    params: { name },
    signal,
  });
  return found.length === 0 ? {} : { [name]: "1" };
};

/**
 * A join before ORDER BY makes the server sort whole rows instead of reading them in order: twice the time (docs/benchmarks.md). Joined to the ordered rows,
 * they stay in order as long as one thread does it with the rows on the left.
 */
const joinedInOrder = { max_threads: "1", join_algorithm: "hash", query_plan_join_swap_table: "false" };

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
  ids: readonly string[],
): Promise<Record<string, unknown>> => {
  if (ids.length === 0 || compiled.table.commentObject === null) return {};
  const found = await loadCommentTexts(deps.db, { projectId, objectType: compiled.table.commentObject, cutoff }, ids);
  return { comment_rows: handTable("id String, text String", found) };
};
