/** POST /api/public/batch-exports/{id}/rerun. */

import type { Context } from "hono";
import { AppError } from "../../../core/errors.ts";
import type { ExportQuery } from "../../../core/query/export-query.ts";
import { findExport } from "../../../services/exports/find-export.ts";
import { rerunExport } from "../../../services/exports/rerun-export.ts";
import type { App, AppEnv, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam, json } from "../describe.ts";
import { loadBatchExport } from "./load.ts";
import { BatchExport, showBatchExport } from "./resource.ts";
import { quotaCodes, type WeighDeps, weighExport } from "./weigh-export.ts";

const routeOf = (deps: WeighDeps) =>
  keyRoute(
    {
      scopes: ["batchExports:create"],
      codes: ["EXPORTS_DISABLED", "NOT_FOUND", "EXPORT_NOT_RETRYABLE", ...quotaCodes],
      creates: "object",
      isMetered: true,
      prepare: weighExport(deps, queryOfFormer),
    },
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

/** An id that the project does not have is left to the route. */
const queryOfFormer = async (c: Context<AppEnv>): Promise<ExportQuery | undefined> =>
  (await findExport(c.get("db"), c.get("actor").projectId, c.req.param("id") ?? ""))?.query;

export const registerRerun = (app: App, deps: Pick<RouteDeps, "downloads" | "newId" | "nowMs"> & WeighDeps): void => {
  app.openapi(routeOf(deps), async (c) => {
    const { id } = c.req.valid("param");
    if (deps.downloads === null) throw new AppError({ code: "EXPORTS_DISABLED" });
    const before = await loadBatchExport(c, id);
    const ids = { exportId: deps.newId("batchExport"), jobId: deps.newId("job") };
    const admission = { defaultPlan: c.get("defaultPlan"), estimate: c.get("estimate") };
    const quotas = await rerunExport(c.get("db"), c.get("actor"), before, ids, admission);
    if (quotas === undefined) throw new AppError({ code: "EXPORT_NOT_RETRYABLE" });
    c.set("quotas", quotas);
    c.header("location", `/api/public/batch-exports/${ids.exportId}`);
    return c.json(showBatchExport(await loadBatchExport(c, ids.exportId), deps.nowMs()), 202);
  });
};
