/** The export a request is about. */
import type { Context } from "hono";
import { AppError } from "../../../core/errors.ts";
import type { Database } from "../../../db/postgres/client.ts";
import { type BatchExportRow, findBatchExport } from "../../../db/queries/batch-exports.ts";
import type { AppEnv } from "../../deps.ts";
import { requireTableScope } from "./table-scope.ts";

/** The export of this project, or NOT_FOUND: another project's id is one that does not exist. Refuses a key without the scope of its table. */
export const loadBatchExport = async (c: Context<AppEnv>, id: string, db: Database = c.get("db")): Promise<BatchExportRow> => {
  const row = await findBatchExport(db, c.get("actor").projectId, id);
  if (row === undefined) throw new AppError({ code: "NOT_FOUND" });
  requireTableScope(c, row.query.tableName);
  return row;
};
