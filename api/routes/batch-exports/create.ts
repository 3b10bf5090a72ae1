/** POST /api/public/batch-exports: records the export, its job and the audit row; the runner does the rest. */

import type { Context } from "hono";
import { AppError } from "../../../core/errors.ts";
import { checkExportRequest, defaultName, exportQueryCodes } from "../../../core/exports/parse-request.ts";
import { CreateBatchExport } from "../../../core/exports/request.ts";
import type { ExportQuery } from "../../../core/query/export-query.ts";
import { createExport } from "../../../services/exports/create-export.ts";
import type { App, AppEnv, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { component, json, jsonRequest } from "../describe.ts";
import { loadBatchExport } from "./load.ts";
import { BatchExport, showBatchExport } from "./resource.ts";
import { requireTableScope } from "./table-scope.ts";
import { quotaCodes, type WeighDeps, weighExport } from "./weigh-export.ts";

const example = {
  format: "JSONL",
  compression: "gzip",
  query: {
    tableName: "events",
    filter: [{ type: "datetime", column: "startTime", operator: ">=", value: "2026-11-01T00:00:00Z" }],
    orderBy: null,
  },
};

type CreateDeps = Pick<RouteDeps, "canHash" | "downloads" | "newId" | "nowMs"> & WeighDeps;

const routeOf = (deps: WeighDeps) =>
  keyRoute(
    {
      scopes: ["batchExports:create"],
      codes: ["EXPORTS_DISABLED", ...exportQueryCodes, "HASHING_DISABLED", ...quotaCodes],
      creates: "object",
      isMetered: true,
      prepare: weighExport(deps, queryOfBody),
    },
    {
      method: "post",
      path: "/api/public/batch-exports",
      operationId: "createBatchExport",
      tags: ["Exports"],
      summary: "Start an export",
      description:
        "Responds at once; follow the export at `Location` or with the events route. It contains the rows from before this moment.",
      request: {
        body: jsonRequest(component(CreateBatchExport, "CreateBatchExport"), example),
      },
      responses: { 202: json(BatchExport, "The export is in the queue.") },
    },
  );

/** The body is validated only later: what does not fit the schema is left to that. */
const queryOfBody = async (c: Context<AppEnv>): Promise<ExportQuery | undefined> => {
  const text = await c.req.text();
  return text === "" ? undefined : CreateBatchExport.safeParse(JSON.parse(text)).data?.query;
};

export const registerCreate = (app: App, deps: CreateDeps): void => {
  app.openapi(routeOf(deps), async (c) => {
    if (deps.downloads === null) throw new AppError({ code: "EXPORTS_DISABLED" });
    const body = c.req.valid("json");
    const { compiled, warnings } = checkExportRequest(body);
    requireTableScope(c.get("scopes"), body.query.tableName);
    if (compiled.selection.hashes && !deps.canHash) throw new AppError({ code: "HASHING_DISABLED" });
    const request = { ...body, name: body.name ?? defaultName(new Date(deps.nowMs()).toISOString(), body) };
    const exportId = deps.newId("batchExport");
    const admission = { defaultPlan: c.get("defaultPlan"), estimate: c.get("estimate") };
    const ids = { exportId, jobId: deps.newId("job") };
    c.set("quotas", await createExport(c.get("db"), c.get("actor"), request, ids, { warnings, admission }));
    const row = await loadBatchExport(c, exportId);
    c.header("location", `/api/public/batch-exports/${row.id}`);
    return c.json(showBatchExport(row, deps.nowMs()), 202);
  });
};
