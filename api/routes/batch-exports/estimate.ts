/** POST /api/public/batch-exports/estimate: counts the rows of an export without running it. */

import { z } from "@hono/zod-openapi";
import { clickhouseErrorCodes } from "../../../core/engine-errors.ts";
import { checkExportRequest, exportQueryCodes } from "../../../core/exports/parse-request.ts";
import { until } from "../../../core/query/build-query.ts";
import { ExportQuery } from "../../../core/query/export-query.ts";
import { inFlightBytesDefault, sliceBytesMin, sliceMibDefault, sliceRowsMax } from "../../../core/query/slice.ts";
import { estimateExport } from "../../../services/exports/estimate-export.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json, jsonRequest } from "../describe.ts";
import { requireTableScope } from "./table-scope.ts";

/** Defaults of the runner, so that `slices` predicts a real export. */
const sliceBytes = sliceMibDefault * 1024 * 1024;
const bounds = { sliceBytes, sliceBytesMin: sliceBytesMin(sliceBytes, inFlightBytesDefault), sliceRowsMax };

const Estimate = z
  .object({
    rows: z.int(),
    bytes: z.int().describe("Estimate of the uncompressed file."),
    slices: z.int(),
    exact: z.boolean().describe("False if a filter or search reads payloads; `rows` is then an upper bound."),
    rowLimit: z.int(),
    truncated: z.boolean().describe("True if the export would end at the row limit."),
    warnings: z.array(z.string()),
  })
  .openapi("Estimate");

const exampleRequest = {
  query: {
    tableName: "events",
    filter: [{ type: "stringOptions", column: "type", operator: "any of", value: ["GENERATION"] }],
    orderBy: null,
  },
};
const exampleAnswer = { rows: 1200, bytes: 840_000, slices: 1, exact: true, rowLimit: 10_000_000, truncated: false, warnings: [] };

const route = keyRoute(
  { scopes: ["batchExports:create"], codes: [...exportQueryCodes, ...clickhouseErrorCodes, "COMMENT_FILTER_TOO_WIDE"] },
  {
    method: "post",
    path: "/api/public/batch-exports/estimate",
    operationId: "estimateBatchExport",
    tags: ["Exports"],
    summary: "Estimate the size of an export",
    request: {
      body: jsonRequest(z.strictObject({ query: ExportQuery }).openapi("EstimateBatchExport"), exampleRequest),
    },
    responses: { 200: json(Estimate, "The estimate.", exampleAnswer) },
  },
);

export const registerEstimate = (app: App, deps: Pick<RouteDeps, "eventsTable" | "nowMs" | "openClickHouse" | "rowLimit">): void => {
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
