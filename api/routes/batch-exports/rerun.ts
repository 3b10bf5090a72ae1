/** POST /api/public/batch-exports/{id}/rerun. */

import { AppError } from "../../../core/errors.ts";
import { rerunBatchExport } from "../../../services/exports/batch-exports.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam, json } from "../describe.ts";
import { loadBatchExport } from "./load.ts";
import { BatchExport, showBatchExport } from "./resource.ts";

const route = keyRoute(
  { scopes: ["batchExports:create"], codes: ["EXPORTS_DISABLED", "NOT_FOUND", "EXPORT_NOT_RETRYABLE"] },
  {
    method: "post",
    path: "/api/public/batch-exports/{id}/rerun",
    operationId: "rerunBatchExport",
    tags: ["Batch exports"],
    summary: "Start a finished export once more",
    description: "Makes a new export with the same request, of the rows that are there now; the old one stays as it is.",
    request: { params: IdParam },
    responses: { 202: json(BatchExport, "The export as it is now.") },
  },
);

export const registerRerun = (app: App, deps: Pick<RouteDeps, "downloads" | "newId" | "nowMs">): void => {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid("param");
    if (deps.downloads === null) throw new AppError({ code: "EXPORTS_DISABLED" });
    const before = await loadBatchExport(c, id);
    const ids = { exportId: deps.newId("batchExport"), jobId: deps.newId("job"), auditId: deps.newId("auditLog") };
    if (!(await rerunBatchExport(c.get("db"), c.get("actor"), before, ids))) throw new AppError({ code: "EXPORT_NOT_RETRYABLE" });
    c.header("location", `/api/public/batch-exports/${ids.exportId}`);
    return c.json(showBatchExport(await loadBatchExport(c, ids.exportId), deps.nowMs()), 202);
  });
};
