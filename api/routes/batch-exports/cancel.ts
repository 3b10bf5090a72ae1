/** POST /api/public/batch-exports/{id}/cancel. */

import { AppError } from "../../../core/errors.ts";
import { cancelExport } from "../../../services/exports/cancel-export.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam, json } from "../describe.ts";
import { loadBatchExport } from "./load.ts";
import { BatchExport, showBatchExport } from "./resource.ts";

const route = keyRoute(
  { scopes: ["batchExports:create"], codes: ["NOT_FOUND", "EXPORT_NOT_CANCELLABLE"] },
  {
    method: "post",
    path: "/api/public/batch-exports/{id}/cancel",
    operationId: "cancelBatchExport",
    tags: ["Exports"],
    summary: "Cancel an export",
    description: "A queued export is cancelled at once, a running one within seconds. Its files are removed.",
    request: { params: IdParam },
    responses: { 202: json(BatchExport, "The export as it is now.") },
  },
);

export const registerCancel = (app: App, deps: Pick<RouteDeps, "nowMs">): void => {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid("param");
    await loadBatchExport(c, id);
    const outcome = await cancelExport(c.get("db"), c.get("actor"), id);
    if (outcome === "notFound") throw new AppError({ code: "NOT_FOUND" });
    if (outcome === "finished") throw new AppError({ code: "EXPORT_NOT_CANCELLABLE" });
    return c.json(showBatchExport(await loadBatchExport(c, id), deps.nowMs()), 202);
  });
};
