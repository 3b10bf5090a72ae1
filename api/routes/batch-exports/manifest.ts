/** GET /api/public/batch-exports/{id}/manifest: the receipt of a completed export. */
import { createRoute } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { ExportManifest } from "../../../core/exports/manifest.ts";
import type { App } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { IdParam, json, refusals, security } from "../describe.ts";
import { loadBatchExport } from "./load.ts";

const route = createRoute({
  method: "get",
  path: "/api/public/batch-exports/{id}/manifest",
  operationId: "getBatchExportManifest",
  tags: ["Batch exports"],
  summary: "Show the receipt of a completed export",
  security,
  middleware: [requireScope("batchExports:read")] as const,
  request: { params: IdParam },
  responses: { 200: json(ExportManifest.openapi("ExportManifest"), "The manifest."), ...refusals },
});

export const registerManifest = (app: App): void => {
  app.openapi(route, async (c) => {
    const { manifest } = await loadBatchExport(c, c.req.valid("param").id);
    if (manifest === null) throw new AppError({ code: "EXPORT_NOT_READY" });
    return c.json(manifest, 200);
  });
};
