/**
 * Stage 4, query: assigns Postgres comments to the slices of their rows. Looks up all ids at the start and loads texts per slice. Memory:
 * the ids.
 */

import { AppError } from "../../../core/errors.ts";
import { fromClause } from "../../../core/query/build-query.ts";
import { externalSet, externalTable } from "../../../core/query/external-table.ts";
import type { Slice } from "../../../core/query/slice.ts";
import { listCommentedIds, loadCommentTexts } from "../../../services/comments/list-commented-ids.ts";
import type { ClickHouseSourceDeps } from "./clickhouse-source-deps.ts";
import type { SourceRequest } from "./export-source.ts";

const commentedIdsMax = 500_000;
const idsPerQuery = 20_000;

type SliceComments = {
  hasSome: (index: number) => boolean;
  /** Loads the comments of a slice as the external table `comment_rows`; empty if it has none. */
  load: (index: number) => Promise<Record<string, unknown>>;
};

/** Throws TOO_MANY_COMMENTS. */
export const findSliceComments = async (
  deps: ClickHouseSourceDeps,
  request: SourceRequest,
  slices: readonly (Slice | undefined)[],
): Promise<SliceComments> => {
  const { compiled, projectId, window } = request;
  const { commentObject: objectType } = compiled.table;
  if (!compiled.selection.hasComments || objectType === null) return { hasSome: () => false, load: async () => ({}) };
  const scope = { projectId, objectType, cutoff: window.end };
  const ids = await listCommentedIds(deps.db, scope, commentedIdsMax);
  if (ids.length > commentedIdsMax) throw new AppError({ code: "TOO_MANY_COMMENTS" });
  const bySlice = slices.length === 1 ? [ids] : await assignToSlices(deps, request, ids, slices);
  const idsOf = (index: number) => bySlice[index] ?? [];
  return {
    hasSome: (index) => idsOf(index).length > 0,
    load: async (index) =>
      idsOf(index).length === 0
        ? {}
        : { comment_rows: externalTable("id String, text String", await loadCommentTexts(deps.db, scope, idsOf(index))) },
  };
};

const assignToSlices = async (
  { clickhouse, physical }: ClickHouseSourceDeps,
  { compiled: { table }, projectId, signal, queryId }: SourceRequest,
  ids: readonly string[],
  slices: readonly (Slice | undefined)[],
): Promise<string[][]> => {
  const bySlice: Set<string>[] = slices.map(() => new Set());
  for (let from = 0; from < ids.length; from += idsPerQuery) {
    const found = await clickhouse.queryRows<{ id: string; us: string }>({
      sql: `SELECT ${table.id} AS id, toUnixTimestamp64Micro(${table.time}) AS us FROM ${fromClause(table, physical, { needsFinal: false, names: [] })}
        WHERE e.project_id = {projectId:String} AND ${table.id} IN (SELECT v FROM commented_ids)`,
      params: { projectId, commented_ids: externalSet(ids.slice(from, from + idsPerQuery)) },
      signal,
      queryId: `${queryId}-comments`,
    });
    for (const { id, us } of found)
      for (const [index, slice] of slices.entries())
        if (slice !== undefined && Number(us) >= slice.startUs && Number(us) < slice.endUs) bySlice[index]?.add(id);
  }
  return bySlice.map((set) => [...set]);
};
