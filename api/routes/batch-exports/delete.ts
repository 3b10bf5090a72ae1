/** DELETE /api/public/batch-exports/{id}. */

import { AppError } from "../../../core/errors.ts";
import { deleteExport } from "../../../services/exports/delete-export.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam } from "../describe.ts";
import { loadBatchExport } from "./load.ts";

const route = keyRoute(
  { scopes: ["batchExports:create"], codes: ["NOT_FOUND", "EXPORT_NOT_DELETABLE"] },
  {
    method: "delete",
    path: "/api/public/batch-exports/{id}",
    operationId: "deleteBatchExport",
    tags: ["Exports"],
    summary: "Delete a finished export with its files",
    description: "The export is deleted at once, its files within minutes. Download links stop working when the files are deleted.",
    request: { params: IdParam },
    responses: { 204: { description: "Deleted." } },
  },
);

export const registerDelete = (app: App): void => {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid("param");
    await loadBatchExport(c, id);
    const outcome = await deleteExport(c.get("db"), c.get("actor"), id);
    if (outcome === "notFound") throw new AppError({ code: "NOT_FOUND" });
    if (outcome === "running") throw new AppError({ code: "EXPORT_NOT_DELETABLE" });
    return c.body(null, 204);
  });
};
