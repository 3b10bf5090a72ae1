/** Export stage 4, query: compiles a stored request when its rows are read. */
import { AppError } from "../../core/errors.ts";
import { type CompiledQuery, compileQuery, findQueryTable } from "../../core/query/compile-query.ts";
import type { ExportQuery } from "../../core/query/export-query.ts";
import type { HashKeyOf } from "../../core/query/privacy/hash-key.ts";
import { hasScoreColumns } from "../../core/query/select-columns.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { listScoreNames } from "../../db/clickhouse/score-names.ts";
import type { Database } from "../../db/postgres/client.ts";
import { answerCommentFilters } from "../comments/answer-comment-filters.ts";

type CompileDeps = { db: Database; clickhouse: Pick<ClickHouse, "queryRows">; hashKeyOf: HashKeyOf };

/**
 * Compiles the query with what is known only at run time: names of scores, ids from comment filters, the hash key. Throws HASHING_DISABLED.
 */
export const compileForRun = async (
  deps: CompileDeps,
  signal: AbortSignal | undefined,
  query: ExportQuery,
  target: { projectId: string; cutoff: string },
): Promise<CompiledQuery> => {
  const table = findQueryTable(query);
  const names = hasScoreColumns(query, table) ? await listScoreNames(deps.clickhouse, table, target.projectId, signal) : undefined;
  const compiled = await answerCommentFilters(deps.db, compileQuery(query, names), target);
  if (!compiled.selection.hashes) return compiled;
  const key = await deps.hashKeyOf(target.projectId);
  if (key === null) throw new AppError({ code: "HASHING_DISABLED" });
  const [hashKey0, hashKey1] = key;
  return { ...compiled, selection: { ...compiled.selection, params: { ...compiled.selection.params, hashKey0, hashKey1 } } };
};
