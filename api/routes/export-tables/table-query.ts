/** Requests that look into a table: their common body, the rights they need, and the query they stand for. */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Scope } from "../../../core/auth/scopes.ts";
import { clickhouseErrorCodes } from "../../../core/engine-errors.ts";
import { AppError, type ErrorCode } from "../../../core/errors.ts";
import { type CompiledQuery, compileQuery } from "../../../core/query/compile-query.ts";
import { ExportQuery } from "../../../core/query/export-query.ts";
import { findTable } from "../../../core/query/tables/index.ts";
import type { ExportTable } from "../../../core/query/tables/table.ts";
import type { AppEnv } from "../../deps.ts";

const { filter, searchQuery, searchType } = ExportQuery.shape;

/** Which rows: fields of an export query. */
export const RowFilter = {
  filter: filter.describe("Conditions of the table's filter language, all of which a row satisfies. Null: every row."),
  searchQuery: searchQuery.describe("Text that a row must contain, whatever its case."),
  searchType: searchType.describe("Where to search; ids by default."),
};

export const TableParam = z.object({ table: z.string().describe("Name of the table, such as `events`.") });

/** A key needs one of these; requireLook says which of them for which table. */
export const lookScopes = ["traces:read", "batchExports:create", "auditLogs:read"] as const satisfies readonly Scope[];

/** Error codes of all these routes. */
export const lookCodes = [
  "NOT_FOUND",
  "INVALID_FILTER",
  "COMMENT_FILTER_TOO_WIDE",
  ...clickhouseErrorCodes,
] as const satisfies readonly ErrorCode[];

export const scopesSentence =
  "Needs `traces:read` or `batchExports:create`; for audit_logs `auditLogs:read`. Comments need `comments:CRUD` or `batchExports:create`.";

/** Returns the table. Throws NOT_FOUND, and FORBIDDEN_SCOPE unless the caller may read its rows. */
export const loadTable = (c: Context<AppEnv>, name: string): ExportTable => {
  const table = findTable(name);
  if (table === undefined) throw new AppError({ code: "NOT_FOUND", message: "There is no such table." });
  const anyOf: readonly Scope[] = table.requiredScope === null ? ["traces:read", "batchExports:create"] : [table.requiredScope];
  if (!anyOf.some((scope) => c.get("scopes").includes(scope)))
    throw new AppError({ code: "FORBIDDEN_SCOPE", message: `Table ${name} needs the scope ${anyOf.join(" or ")}.` });
  return table;
};

/** Who may export may read comments, since an export holds them. */
export const canReadComments = (c: Context<AppEnv>): boolean =>
  c.get("scopes").includes("comments:CRUD") || c.get("scopes").includes("batchExports:create");

/**
 * Compiles the query, whose faults are named as in the body of the request. Throws FORBIDDEN_SCOPE if it uses comments that the caller may
 * not read.
 */
export const checkQuery = (c: Context<AppEnv>, query: ExportQuery): CompiledQuery => {
  const compiled = compileWithPaths(query);
  if ((compiled.selection.hasComments || compiled.commentFilters.length > 0) && !canReadComments(c))
    throw new AppError({ code: "FORBIDDEN_SCOPE", message: "Comments need the scope comments:CRUD or batchExports:create." });
  return compiled;
};

/** In an export request, the query is a field of the body. */
const compileWithPaths = (query: ExportQuery): CompiledQuery => {
  try {
    return compileQuery(query);
  } catch (error) {
    if (!(error instanceof AppError) || error.fields === undefined) throw error;
    const fields = error.fields.map(({ path, ...fault }) => ({ ...fault, path: path.replace(/^query\./, "") }));
    throw new AppError({ code: error.code, fields, cause: error });
  }
};
