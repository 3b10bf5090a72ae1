/** POST /api/public/batch-exports/{id}/retry. */

import { AppError } from "../../../core/errors.ts";
import { retryExport } from "../../../services/exports/retry-export.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam, json } from "../describe.ts";
import { loadBatchExport } from "./load.ts";
import { BatchExport, showBatchExport } from "./resource.ts";

const route = keyRoute(
  {
    scopes: ["batchExports:create"],
    codes: ["NOT_FOUND", "EXPORT_TOO_OLD", "EXPORT_NOT_RETRYABLE", "QUOTA_EXCEEDED", "EXPORT_EXCEEDS_QUOTA"],
    isMetered: true,
  },
  {
    method: "post",
    path: "/api/public/batch-exports/{id}/retry",
    operationId: "retryBatchExport",
    tags: ["Exports"],
    summary: "Run a failed or cancelled export again",
    description: "The export gets all its attempts again and a new cutoff, so it contains the current rows.",
    request: { params: IdParam },
    responses: { 202: json(BatchExport, "The export as it is now.") },
  },
);

export const registerRetry = (app: App, deps: Pick<RouteDeps, "nowMs">): void => {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid("param");
    await loadBatchExport(c, id);
    const retried = await retryExport(c.get("db"), c.get("actor"), id, c.get("defaultPlan"));
    switch (retried.outcome) {
      case "notFound":
        throw new AppError({ code: "NOT_FOUND" });
      case "tooOld":
        throw new AppError({ code: "EXPORT_TOO_OLD" });
      case "notRetryable":
        throw new AppError({ code: "EXPORT_NOT_RETRYABLE" });
      case "queued":
        c.set("quotas", retried.quotas);
        break;
      default:
        retried satisfies never;
    }
    return c.json(showBatchExport(await loadBatchExport(c, id), deps.nowMs()), 202);
  });
};
