/** Loads the export a request is about. */
import type { Context } from "hono";
import { AppError } from "../../../core/errors.ts";
import type { BatchExportRow, BatchExportSummaryRow } from "../../../services/exports/export-columns.ts";
import { findExport, findExportSummary } from "../../../services/exports/find-export.ts";
import type { AppEnv, Database, Principal } from "../../deps.ts";
import { requireTableScope } from "./table-scope.ts";

/** Throws NOT_FOUND unless the export belongs to the key's project, and FORBIDDEN_SCOPE if the key lacks the scope of its table. */
export const loadBatchExport = async (c: Context<AppEnv>, id: string): Promise<BatchExportRow> => {
  const row = await findExport(c.get("db"), c.get("actor").projectId, id);
  if (row === undefined) throw new AppError({ code: "NOT_FOUND" });
  requireTableScope(c.get("scopes"), row.query.tableName);
  return row;
};

/** As `loadBatchExport`, without large fields, for a given principal and connection. */
export const loadBatchExportSummary = async (db: Database, { actor, scopes }: Principal, id: string): Promise<BatchExportSummaryRow> => {
  const row = await findExportSummary(db, actor.projectId, id);
  if (row === undefined) throw new AppError({ code: "NOT_FOUND" });
  requireTableScope(scopes, row.tableName);
  return row;
};
