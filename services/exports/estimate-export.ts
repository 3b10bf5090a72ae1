/** Counts what an export would contain, without running it. */
import { countPredicate, type ExportScope, fromClause, isCountExact } from "../../core/query/build-query.ts";
import type { CompiledQuery } from "../../core/query/compile-query.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { type PlanBounds, planExport } from "../../db/clickhouse/plan-export.ts";
import type { Database } from "../../db/postgres/client.ts";
import { planRows } from "../../db/postgres/export-rows.ts";
import { answerCommentFilters } from "../comments/answer-comment-filters.ts";

export type ExportEstimate = { rows: number; bytes: number; slices: number; isExact: boolean };

/** Rows and bytes are upper bounds if a filter reads payloads, or if Postgres rows are filtered. */
export const estimateExport = async (
  { db, clickhouse, bounds }: { db: Database; clickhouse: Pick<ClickHouse, "queryRows">; bounds: PlanBounds },
  asked: CompiledQuery,
  scope: ExportScope,
): Promise<ExportEstimate> => {
  const { projectId, window } = scope;
  const upTo = { projectId, cutoff: window.end };
  const compiled = await answerCommentFilters(db, asked, upTo);
  const { table } = compiled;
  if (table.source.kind === "postgres") {
    const slices = await planRows(db, table.name, upTo, bounds.sliceBytes);
    return {
      rows: slices.reduce((sum, { rows }) => sum + rows, 0),
      bytes: slices.reduce((sum, { bytes }) => sum + bytes, 0),
      slices: Math.max(1, slices.length),
      isExact: compiled.conditions.length === 0,
    };
  }
  const predicate = countPredicate(compiled, scope);
  const plan = await planExport(
    clickhouse,
    {
      from: fromClause(table, scope.physical, { needsFinal: true, names: [predicate, table.rowBytes] }),
      where: predicate.sql,
      params: predicate.params,
      time: table.time,
      hash: table.hash,
      rowBytes: table.rowBytes.sql,
      rowHash: "0",
    },
    bounds,
  );
  return { rows: plan.rows, bytes: plan.bytes, slices: plan.slices.length, isExact: isCountExact(compiled) };
};
