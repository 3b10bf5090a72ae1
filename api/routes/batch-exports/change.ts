/** POST /api/public/batch-exports/{id}/cancel and /retry. */
import { createRoute } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { cancelBatchExport, retryBatchExport } from "../../../db/queries/batch-exports.ts";
import type { App, AppDeps } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { IdParam, json, refusals, security } from "../describe.ts";
import { loadBatchExport } from "./get.ts";
import { BatchExport, showBatchExport } from "./resource.ts";

const describe = <Name extends "cancel" | "retry">(name: Name, summary: string, description: string) =>
  createRoute({
    method: "post",
    path: `/api/public/batch-exports/{id}/${name}` as `/api/public/batch-exports/{id}/${Name}`,
    operationId: `${name}BatchExport`,
    tags: ["Batch exports"],
    summary,
    description,
    security,
    middleware: [requireScope("batchExports:create")] as const,
    request: { params: IdParam },
    responses: { 202: json(BatchExport, "The export as it is now."), ...refusals },
  });

const cancelRoute = describe(
  "cancel",
  "Cancel an export",
  "A queued export is cancelled at once, a running one within seconds. Nothing of its file stays.",
);
const retryRoute = describe("retry", "Run a failed or cancelled export again", "It gets all its attempts again.");

export const registerChange = (app: App, deps: AppDeps): void => {
  app.openapi(cancelRoute, async (c) => {
    const { id } = c.req.valid("param");
    const outcome = await cancelBatchExport(c.get("db"), c.get("actor"), id, deps.newId("auditLog"));
    if (outcome === "notFound") throw new AppError({ code: "NOT_FOUND" });
    if (outcome === "finished") throw new AppError({ code: "EXPORT_NOT_CANCELLABLE" });
    return c.json(showBatchExport(await loadBatchExport(c.get("db"), c.get("actor").projectId, id), deps.nowMs()), 202);
  });
  app.openapi(retryRoute, async (c) => {
    const { id } = c.req.valid("param");
    const outcome = await retryBatchExport(c.get("db"), c.get("actor"), id, deps.newId("auditLog"));
    if (outcome === "notFound") throw new AppError({ code: "NOT_FOUND" });
    if (outcome === "notRetryable") throw new AppError({ code: "EXPORT_NOT_RETRYABLE" });
    return c.json(showBatchExport(await loadBatchExport(c.get("db"), c.get("actor").projectId, id), deps.nowMs()), 202);
  });
};
