/** DELETE /api/public/batch-exports/{id}. */
import { createRoute } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { deleteBatchExport } from "../../../services/exports/batch-exports.ts";
import type { App, AppDeps } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { IdParam, refusals, security } from "../describe.ts";
import { loadBatchExport } from "./load.ts";

const route = createRoute({
  method: "delete",
  path: "/api/public/batch-exports/{id}",
  operationId: "deleteBatchExport",
  tags: ["Batch exports"],
  summary: "Delete a finished export with its files",
  description: "The export is gone at once, its files within minutes. Links made before stop working then.",
  security,
  middleware: [requireScope("batchExports:create")] as const,
  request: { params: IdParam },
  responses: { 204: { description: "It is gone." }, ...refusals },
});

export const registerDelete = (app: App, deps: AppDeps): void => {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid("param");
    await loadBatchExport(c, id);
    const outcome = await deleteBatchExport(c.get("db"), c.get("actor"), id, deps.newId("auditLog"));
    if (outcome === "notFound") throw new AppError({ code: "NOT_FOUND" });
    if (outcome === "running") throw new AppError({ code: "EXPORT_NOT_DELETABLE" });
    return c.body(null, 204);
  });
};
