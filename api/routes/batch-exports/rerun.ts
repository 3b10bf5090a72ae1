/** POST /api/public/batch-exports/{id}/rerun. */

import { AppError } from "../../../core/errors.ts";
import { rerunExport } from "../../../services/exports/rerun-export.ts";
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
    tags: ["Exports"],
    summary: "Run a finished export again as a new export",
    description: "Creates a new export with the same request and the current rows. The old one stays unchanged.",
    request: { params: IdParam },
    responses: { 202: json(BatchExport, "The export as it is now.") },
  },
);

export const registerRerun = (app: App, deps: Pick<RouteDeps, "downloads" | "newId" | "nowMs">): void => {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid("param");
    if (deps.downloads === null) throw new AppError({ code: "EXPORTS_DISABLED" });
    const before = await loadBatchExport(c, id);
    const ids = { exportId: deps.newId("batchExport"), jobId: deps.newId("job") };
    if (!(await rerunExport(c.get("db"), c.get("actor"), before, ids))) throw new AppError({ code: "EXPORT_NOT_RETRYABLE" });
    c.header("location", `/api/public/batch-exports/${ids.exportId}`);
    return c.json(showBatchExport(await loadBatchExport(c, ids.exportId), deps.nowMs()), 202);
  });
};
