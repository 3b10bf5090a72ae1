/** Finds every fault of a request before anything is stored. */
import { AppError, type ErrorCode } from "../errors.ts";
import { type CompiledQuery, compileQuery } from "../query/compile-query.ts";
import { formats } from "../query/formats/index.ts";
import type { CreateBatchExport } from "./request.ts";

/** Error codes of a query that does not fit its table, besides INVALID_REQUEST. */
export const exportQueryCodes = [
  "UNKNOWN_TABLE",
  "INVALID_FILTER",
  "INVALID_ORDER_BY",
  "INVALID_COLUMNS",
] as const satisfies readonly ErrorCode[];

/** Checks columns, filters, search and order against the table. Throws one AppError that names every fault. */
export const checkExportRequest = (
  request: Pick<CreateBatchExport, "query"> & Partial<Pick<CreateBatchExport, "format" | "compression">>,
): { compiled: CompiledQuery; warnings: string[] } => {
  const compiled = compileQuery(request.query);
  if (
    request.format !== undefined &&
    request.compression !== undefined &&
    request.compression !== "none" &&
    !formats[request.format].canCompress
  )
    throw new AppError({
      code: "INVALID_REQUEST",
      fields: [
        { path: "compression", message: `${request.format} files are compressed internally; leave compression out or send "none".` },
      ],
    });
  if (request.query.shape === "trace" && request.format !== undefined && request.format !== "JSONL" && request.format !== "JSON")
    throw new AppError({
      code: "INVALID_REQUEST",
      fields: [{ path: "format", message: "Nested traces are written as JSONL or JSON." }],
    });
  const warnings: string[] = [];
  if (!compiled.followsSortingKey)
    warnings.push(
      `Ordering by ${request.query.orderBy?.column ?? ""} makes this one large query; order by ${compiled.table.timeColumn} to have it read in slices.`,
    );
  return { compiled, warnings };
};

/** Name of an export whose owner gives none. */
export const defaultName = (createdAt: string, request: Pick<CreateBatchExport, "format" | "query">): string =>
  `${createdAt} - ${request.query.tableName} as ${request.format}`;
