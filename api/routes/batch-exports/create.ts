/** POST /api/public/batch-exports: records the export, its job and the audit row; the runner does the rest. */

import { AppError } from "../../../core/errors.ts";
import { checkExportRequest, defaultName, exportQueryCodes } from "../../../core/exports/parse-request.ts";
import { CreateBatchExport } from "../../../core/exports/request.ts";
import { createExport } from "../../../services/exports/create-export.ts";
import { findExport } from "../../../services/exports/find-export.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json, jsonRequest } from "../describe.ts";
import { IdempotencyHeader, idempotencyOf } from "../idempotency.ts";
import { BatchExport, showBatchExport } from "./resource.ts";
import { requireTableScope } from "./table-scope.ts";

const example = {
  format: "JSONL",
  compression: "gzip",
  query: {
    tableName: "events",
    filter: [{ type: "datetime", column: "startTime", operator: ">=", value: "2026-11-01T00:00:00Z" }],
    orderBy: null,
  },
};

const route = keyRoute(
  {
    scopes: ["batchExports:create"],
    codes: ["EXPORTS_DISABLED", ...exportQueryCodes, "HASHING_DISABLED", "IDEMPOTENCY_KEY_REUSED", "NOT_FOUND"],
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
      headers: IdempotencyHeader,
      body: jsonRequest(CreateBatchExport.openapi("CreateBatchExport"), example),
    },
    responses: { 202: json(BatchExport, "The export is in the queue.") },
  },
);

export const registerCreate = (app: App, deps: Pick<RouteDeps, "canHash" | "downloads" | "newId" | "nowMs">): void => {
  app.openapi(route, async (c) => {
    if (deps.downloads === null) throw new AppError({ code: "EXPORTS_DISABLED" });
    const body = c.req.valid("json");
    const { compiled, warnings } = checkExportRequest(body);
    requireTableScope(c.get("scopes"), body.query.tableName);
    if (compiled.selection.hashes && !deps.canHash) throw new AppError({ code: "HASHING_DISABLED" });
    const request = { ...body, name: body.name ?? defaultName(new Date(deps.nowMs()).toISOString(), body) };
    const created = await createExport(
      c.get("db"),
      c.get("actor"),
      request,
      { exportId: deps.newId("batchExport"), jobId: deps.newId("job") },
      { warnings, idempotency: await idempotencyOf(c.req.valid("header"), body) },
    );
    if (created.outcome === "keyReused") throw new AppError({ code: "IDEMPOTENCY_KEY_REUSED" });
    const row = await findExport(c.get("db"), c.get("actor").projectId, created.exportId);
    if (row === undefined) throw new AppError({ code: "NOT_FOUND", message: "The export of this Idempotency-Key has been deleted." });
    c.header("location", `/api/public/batch-exports/${row.id}`);
    return c.json(showBatchExport(row, deps.nowMs()), 202);
  });
};
