/** POST /api/public/batch-exports/estimate: counts what an export would hold, without running it. */

import { createRoute, z } from "@hono/zod-openapi";
import { checkExportRequest } from "../../../core/exports/parse-request.ts";
import { until } from "../../../core/query/build-query.ts";
import { ExportQuery } from "../../../core/query/export-query.ts";
import { inFlightBytesDefault, sliceBytesMin, sliceMibDefault, sliceRowsMax } from "../../../core/query/slice.ts";
import { estimateExport } from "../../../services/exports/estimate-export.ts";
import type { App, AppDeps } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { json, refusals, security } from "../describe.ts";
import { requireTableScope } from "./table-scope.ts";

/** The runner's defaults, so that `slices` is what will happen. */
const sliceBytes = sliceMibDefault * 1024 * 1024;
const bounds = { sliceBytes, sliceBytesMin: sliceBytesMin(sliceBytes, inFlightBytesDefault), sliceRowsMax };

const Estimate = z
  .object({
    rows: z.int(),
    bytes: z.int().describe("Estimate of the uncompressed file."),
    slices: z.int(),
    exact: z.boolean().describe("False when a filter or search reads payloads: then rows is an upper bound."),
    rowLimit: z.int(),
    truncated: z.boolean().describe("The export would end at the row limit."),
    warnings: z.array(z.string()),
  })
  .openapi("Estimate");

const route = createRoute({
  method: "post",
  path: "/api/public/batch-exports/estimate",
  operationId: "estimateBatchExport",
  tags: ["Batch exports"],
  summary: "Count what an export would hold",
  security,
  middleware: [requireScope("batchExports:create")] as const,
  request: {
    body: {
      required: true,
      content: { "application/json": { schema: z.strictObject({ query: ExportQuery }).openapi("EstimateBatchExport") } },
    },
  },
  responses: { 200: json(Estimate, "The estimate."), ...refusals },
});

export const registerEstimate = (app: App, deps: AppDeps): void => {
  app.openapi(route, async (c) => {
    const { query } = c.req.valid("json");
    const { compiled, warnings } = checkExportRequest({ query });
    requireTableScope(c.get("scopes"), query.tableName);
    const clickhouse = deps.openClickHouse();
    const plan = await estimateExport({ db: c.get("db"), clickhouse, bounds }, compiled, {
      projectId: c.get("actor").projectId,
      window: until(new Date(deps.nowMs()).toISOString()),
      physical: { events: deps.eventsTable },
    });
    const rowLimit = Math.min(deps.rowLimit, query.limit ?? Number.POSITIVE_INFINITY);
    return c.json(
      {
        rows: plan.rows,
        bytes: plan.bytes,
        slices: compiled.followsSortingKey ? plan.slices : 1,
        exact: plan.isExact,
        rowLimit,
        truncated: plan.rows > rowLimit,
        warnings,
      },
      200,
    );
  });
};
