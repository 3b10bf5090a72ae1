/** GET /api/public/batch-exports/{id}, and its manifest. */
import { createRoute } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { ExportManifest } from "../../../core/exports/manifest.ts";
import type { Database } from "../../../db/postgres/client.ts";
import { type BatchExportRow, findBatchExport } from "../../../db/queries/batch-exports.ts";
import type { App, AppDeps } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { IdParam, json, refusals, security } from "../describe.ts";
import { BatchExport, showBatchExport } from "./resource.ts";

/** The export of this project, or NOT_FOUND: another project's id is one that does not exist. */
export const loadBatchExport = async (db: Database, projectId: string, id: string): Promise<BatchExportRow> => {
  const row = await findBatchExport(db, projectId, id);
  if (row === undefined) throw new AppError({ code: "NOT_FOUND" });
  return row;
};

const getRoute = createRoute({
  method: "get",
  path: "/api/public/batch-exports/{id}",
  operationId: "getBatchExport",
  tags: ["Batch exports"],
  summary: "Show an export with its progress",
  security,
  middleware: [requireScope("batchExports:read")] as const,
  request: { params: IdParam },
  responses: { 200: json(BatchExport, "The export."), ...refusals },
});

const manifestRoute = createRoute({
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

export const registerGet = (app: App, deps: AppDeps): void => {
  app.openapi(getRoute, async (c) =>
    c.json(showBatchExport(await loadBatchExport(c.get("db"), c.get("actor").projectId, c.req.valid("param").id), deps.nowMs()), 200),
  );
  app.openapi(manifestRoute, async (c) => {
    const { manifest } = await loadBatchExport(c.get("db"), c.get("actor").projectId, c.req.valid("param").id);
    if (manifest === null) throw new AppError({ code: "EXPORT_NOT_READY" });
    return c.json(manifest, 200);
  });
};
