/** POST /api/public/batch-exports/{id}/cancel. */
import { createRoute } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { cancelBatchExport } from "../../../services/exports/batch-exports.ts";
import type { App, AppDeps } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { IdParam, json, refusals, security } from "../describe.ts";
import { loadBatchExport } from "./load.ts";
import { BatchExport, showBatchExport } from "./resource.ts";

const route = createRoute({
  method: "post",
  path: "/api/public/batch-exports/{id}/cancel",
  operationId: "cancelBatchExport",
  tags: ["Batch exports"],
  summary: "Cancel an export",
  description: "A queued export is cancelled at once, a running one within seconds. Nothing of its file stays.",
  security,
  middleware: [requireScope("batchExports:create")] as const,
  request: { params: IdParam },
  responses: { 202: json(BatchExport, "The export as it is now."), ...refusals },
});

export const registerCancel = (app: App, deps: AppDeps): void => {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid("param");
    await loadBatchExport(c, id);
    const outcome = await cancelBatchExport(c.get("db"), c.get("actor"), id, deps.newId("auditLog"));
    if (outcome === "notFound") throw new AppError({ code: "NOT_FOUND" });
    if (outcome === "finished") throw new AppError({ code: "EXPORT_NOT_CANCELLABLE" });
    return c.json(showBatchExport(await loadBatchExport(c, id), deps.nowMs()), 202);
  });
};
