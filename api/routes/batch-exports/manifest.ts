/** GET /api/public/batch-exports/{id}/manifest: shows the receipt of a completed export. */

import { AppError } from "../../../core/errors.ts";
import { ExportManifest } from "../../../core/exports/manifest.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { component, IdParam, json } from "../describe.ts";
import { loadBatchExport } from "./load.ts";

const route = keyRoute(
  { scopes: ["batchExports:read"], codes: ["NOT_FOUND", "EXPORT_NOT_READY"] },
  {
    method: "get",
    path: "/api/public/batch-exports/{id}/manifest",
    operationId: "getBatchExportManifest",
    tags: ["Exports"],
    summary: "Show the receipt of a completed export",
    request: { params: IdParam },
    responses: { 200: json(component(ExportManifest, "ExportManifest"), "The manifest.") },
  },
);

export const registerManifest = (app: App): void => {
  app.openapi(route, async (c) => {
    const { manifest } = await loadBatchExport(c, c.req.valid("param").id);
    if (manifest === null) throw new AppError({ code: "EXPORT_NOT_READY" });
    return c.json(manifest, 200);
  });
};
