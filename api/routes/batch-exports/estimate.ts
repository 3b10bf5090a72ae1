/** POST /api/public/batch-exports/estimate: counts the rows of an export without running it. */

import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { clickhouseErrorCodes } from "../../../core/engine-errors.ts";
import { checkExportRequest, exportQueryCodes } from "../../../core/exports/parse-request.ts";
import { costOf, fits } from "../../../core/limits/quota-status.ts";
import { ExportQuery } from "../../../core/query/export-query.ts";
import { readQuotas } from "../../../services/limits/read-quotas.ts";
import type { App, AppEnv, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json, jsonRequest } from "../describe.ts";
import { QuotaUse, showQuotaUse } from "../limits/resource.ts";
import { requireTableScope } from "./table-scope.ts";
import { planOf, rowLimitOf, type WeighDeps } from "./weigh-export.ts";

export const Estimate = z
  .object({
    rows: z.int(),
    bytes: z.int().describe("Estimate of the uncompressed file."),
    slices: z.int(),
    exact: z.boolean().describe("False if a filter or search reads payloads; `rows` is then an upper bound."),
    rowLimit: z.int(),
    truncated: z.boolean().describe("True if the export would end at the row limit."),
    warnings: z.array(z.string()),
    quota: z
      .object({
        fits: z.boolean().describe("False if it would be refused now with QUOTA_EXCEEDED or EXPORT_EXCEEDS_QUOTA."),
        quotas: z.array(QuotaUse.extend({ cost: z.int().describe("What this export would take.") })),
      })
      .describe("What the export would cost against the quotas of the project, as they are now."),
  })
  .openapi("Estimate");

const exampleRequest = {
  query: {
    tableName: "events",
    filter: [{ type: "stringOptions", column: "type", operator: "any of", value: ["GENERATION"] }],
    orderBy: null,
  },
};
const exampleAnswer = {
  rows: 1200,
  bytes: 840_000,
  slices: 1,
  exact: true,
  rowLimit: 10_000_000,
  truncated: false,
  warnings: [],
  quota: {
    fits: true,
    quotas: [{ name: "concurrentExports", limit: null, used: 0, left: null, windowSeconds: null, renewsAt: null, cost: 1 }],
  },
};

const route = keyRoute(
  { scopes: ["batchExports:create"], codes: [...exportQueryCodes, ...clickhouseErrorCodes, "COMMENT_FILTER_TOO_WIDE"], isMetered: true },
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

export const registerEstimate = (app: App, deps: WeighDeps): void => {
  app.openapi(route, async (c) => {
    const { query } = c.req.valid("json");
    const checked = checkExportRequest({ query });
    requireTableScope(c.get("scopes"), query.tableName);
    return c.json(await estimate(c, deps, deps.openClickHouse(), { query, ...checked }), 200);
  });
};

/** Estimates a query that has been checked, and what it would take of the quotas. Sets the quotas of the request. */
export const estimate = async (
  c: Context<AppEnv>,
  deps: Omit<WeighDeps, "openClickHouse">,
  clickhouse: ReturnType<RouteDeps["openClickHouse"]>,
  { query, compiled, warnings }: ReturnType<typeof checkExportRequest> & { query: ExportQuery },
): Promise<z.infer<typeof Estimate>> => {
  const plan = await planOf(c, deps, clickhouse, compiled);
  const rowLimit = rowLimitOf(deps, query);
  const quotas = await readQuotas(c.get("db"), c.get("actor").projectId, c.get("defaultPlan"));
  c.set("quotas", quotas);
  const cost = costOf({ rows: Math.min(plan.rows, rowLimit), bytes: plan.bytes });
  return {
    rows: plan.rows,
    bytes: plan.bytes,
    slices: compiled.followsSortingKey ? plan.slices : 1,
    exact: plan.isExact,
    rowLimit,
    truncated: plan.rows > rowLimit,
    warnings,
    quota: {
      fits: quotas.uses.every((use) => fits(use, cost[use.name])),
      quotas: quotas.uses.map((use) => ({ ...showQuotaUse(use), cost: cost[use.name] })),
    },
  };
};
