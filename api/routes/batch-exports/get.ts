/** GET /api/public/batch-exports/{id}: one export with its progress. */
import { createRoute } from "@hono/zod-openapi";
import type { App, AppDeps } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { IdParam, json, refusals, security } from "../describe.ts";
import { loadBatchExport } from "./load.ts";
import { BatchExport, showBatchExport } from "./resource.ts";

const route = createRoute({
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

export const registerGet = (app: App, deps: AppDeps): void => {
  app.openapi(route, async (c) => c.json(showBatchExport(await loadBatchExport(c, c.req.valid("param").id), deps.nowMs()), 200));
};
