/** Stage 4, query: opens the source of an export from its request. */

import { AppError } from "../../../core/errors.ts";
import type { PhysicalTables } from "../../../core/query/build-query.ts";
import { type CompiledQuery, compileQuery, findQueryTable } from "../../../core/query/compile-query.ts";
import type { ExportQuery } from "../../../core/query/export-query.ts";
import { hasScoreColumns } from "../../../core/query/select-columns.ts";
import { usesOf } from "../../../core/query/sql.ts";
import type { ClickHouse } from "../../../db/clickhouse/client.ts";
import type { PlanBounds } from "../../../db/clickhouse/plan-export.ts";
import { listScoreNames } from "../../../db/clickhouse/score-names.ts";
import type { Database } from "../../../db/postgres/client.ts";
import { loadLookups } from "../../../db/postgres/lookups.ts";
import { answerCommentFilters } from "../../../services/comments/answer-comment-filters.ts";
import { openClickHouseSource } from "./clickhouse-source.ts";
import type { ExportSource, SourceRequest } from "./export-source.ts";
import { openPostgresSource } from "./postgres-source.ts";

type SourceDeps = {
  db: Database;
  clickhouse: ClickHouse;
  settings: { physical: PhysicalTables; sliceThreads: number } & PlanBounds;
  /** Returns the two halves of the project's hash key, or null without ENCRYPTION_KEY. */
  hashKeyOf: (projectId: string) => [string, string] | null;
};

/**
 * Compiles the query with what is known only at run time: names of scores, ids from comment filters, the hash key. Throws HASHING_DISABLED.
 */
export const compileForRun = async (
  deps: SourceDeps,
  signal: AbortSignal,
  query: ExportQuery,
  target: { projectId: string; cutoff: string },
): Promise<CompiledQuery> => {
  const table = findQueryTable(query);
  const names = hasScoreColumns(query, table) ? await listScoreNames(deps.clickhouse, table, target.projectId, signal) : undefined;
  const compiled = await answerCommentFilters(deps.db, compileQuery(query, names), target);
  if (!compiled.selection.hashes) return compiled;
  const key = deps.hashKeyOf(target.projectId);
  if (key === null) throw new AppError({ code: "HASHING_DISABLED" });
  const [hashKey0, hashKey1] = key;
  return { ...compiled, selection: { ...compiled.selection, params: { ...compiled.selection.params, hashKey0, hashKey1 } } };
};

export const openSource = async (deps: SourceDeps, request: SourceRequest): Promise<ExportSource> => {
  const { settings, db, clickhouse } = deps;
  if (request.compiled.table.source.kind === "postgres")
    return openPostgresSource({ db, clickhouse, physical: settings.physical }, request);
  const { selection, conditions } = request.compiled;
  return openClickHouseSource(
    {
      db,
      clickhouse,
      physical: settings.physical,
      bounds: boundsFor(settings, request.options.targetFileMib),
      sliceThreads: settings.sliceThreads,
    },
    request,
    await loadLookups(db, request.projectId, usesOf([...selection.select, ...conditions])),
  );
};

/** Limits slices to the target file size. */
const boundsFor = ({ sliceBytes, sliceBytesMin, sliceRowsMax }: PlanBounds, targetFileMib: number | null): PlanBounds => {
  const bytesMax = Math.min(sliceBytes, (targetFileMib ?? Number.POSITIVE_INFINITY) * 1024 * 1024);
  return { sliceBytes: bytesMax, sliceBytesMin: Math.min(bytesMax, sliceBytesMin), sliceRowsMax };
};
