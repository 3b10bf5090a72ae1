/**
 * Trace reads: one page of traces in two steps: ordered ids from small columns, then whole rows by id. Payloads and totals are read for the
 * page only.
 */
import { z } from "zod";
import type { TraceSource } from "../../core/traces/measure-and-return.ts";
import type { RunQuery } from "./answer-from.ts";
import { compilePage, type PageRange } from "./page.ts";
import { compileTraceFilter, type TraceFilter } from "./trace-filter.ts";
import { traceRelation } from "./trace-relation.ts";
import { wholeNumber } from "./trace-row.ts";

const orderColumns = {
  id: "id",
  timestamp: "timestamp",
  name: "name",
  userId: "user_id",
  sessionId: "session_id",
  environment: "environment",
  release: "release",
  version: "version",
} as const;

export const TraceOrder = z.object({
  column: z.enum(Object.keys(orderColumns) as [keyof typeof orderColumns]),
  direction: z.enum(["asc", "desc"]),
});
export type TraceOrder = z.infer<typeof TraceOrder>;

export const newestFirst: TraceOrder = { column: "timestamp", direction: "desc" };

/** The order is total: ids break ties. Absent values come last. */
export const listTraceIds = async (
  query: RunQuery,
  source: TraceSource,
  { projectId, filter, order, page }: { projectId: string; filter: TraceFilter; order: TraceOrder; page: PageRange },
): Promise<string[]> => {
  const { column, direction } = TraceOrder.parse(order);
  const where = compileTraceFilter(filter);
  const range = compilePage(page);
  const ordered = column === "id" ? [] : [orderColumns[column]];
  const rows = await query(
    `SELECT id FROM ${traceRelation(source, { fields: [...where.fields, ...ordered], narrow: where.sql })} WHERE ${where.sql}
     ORDER BY ${orderColumns[column]} ${direction} NULLS LAST, id ${direction} ${range.sql}`,
    { projectId, ...where.params, ...range.params },
  );
  return rows.map((row) => Id.parse(row).id);
};

export const countTraces = async (query: RunQuery, source: TraceSource, projectId: string, filter: TraceFilter): Promise<number> => {
  const where = compileTraceFilter(filter);
  const [row] = await query(
    `SELECT count() AS traces FROM ${traceRelation(source, { fields: where.fields, narrow: where.sql })} WHERE ${where.sql}`,
    { projectId, ...where.params },
  );
  return z.object({ traces: wholeNumber }).parse(row).traces;
};

const Id = z.object({ id: z.string() });
