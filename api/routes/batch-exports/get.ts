/** GET /api/public/batch-exports/{id}: shows one export with its progress. */

import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam, json } from "../describe.ts";
import { loadBatchExport } from "./load.ts";
import { BatchExport, showBatchExport } from "./resource.ts";

const route = keyRoute(
  { scopes: ["batchExports:read"], codes: ["NOT_FOUND"] },
  {
    method: "get",
    path: "/api/public/batch-exports/{id}",
    operationId: "getBatchExport",
    tags: ["Exports"],
    summary: "Show an export with its progress",
    request: { params: IdParam },
    responses: { 200: json(BatchExport, "The export.") },
  },
);

export const registerGet = (app: App, deps: Pick<RouteDeps, "nowMs">): void => {
  app.openapi(route, async (c) => c.json(showBatchExport(await loadBatchExport(c, c.req.valid("param").id), deps.nowMs()), 200));
};
