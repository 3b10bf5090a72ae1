/** GET /api/public/statistics/exports. */
import { z } from "@hono/zod-openapi";
import { countExportsByQuarterHour } from "../../../services/exports/count-by-quarter-hour.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { hiddenTables } from "../batch-exports/table-scope.ts";
import { keyRoute } from "../declare-route.ts";
import { json } from "../describe.ts";
import { Period, readPeriod } from "./period.ts";

const ExportStatistics = z
  .object({
    from: z.iso.datetime().describe("First instant of the period. ISO 8601, UTC."),
    to: z.iso.datetime().describe("End of the period. ISO 8601, UTC."),
    bucketSeconds: z.int().describe("Length of a bucket: 900, a quarter of an hour, so that days of every time zone are sums of buckets."),
    buckets: z
      .array(
        z.object({
          at: z.iso.datetime().describe("Begin of the bucket. ISO 8601, UTC."),
          completed: z.int().describe("Exports that are complete, also those that have expired."),
          failed: z.int().describe("Exports that failed."),
          cancelled: z.int().describe("Exports that were cancelled."),
          active: z.int().describe("Exports that wait or run."),
          rows: z.number().describe("Rows of the completed exports."),
          bytes: z.number().describe("Bytes of the files of the completed exports, as stored."),
        }),
      )
      .describe("By the creation of the exports, oldest first. Buckets without exports are left out."),
  })
  .openapi("ExportStatistics");

const route = keyRoute(
  { scopes: ["batchExports:read"], codes: [] },
  {
    method: "get",
    path: "/api/public/statistics/exports",
    operationId: "getExportStatistics",
    tags: ["Exports"],
    summary: "Count exports over time",
    description: "By state, with their rows and bytes, in quarters of an hour. Deleted exports are not counted.",
    request: { query: z.strictObject(Period) },
    responses: { 200: json(ExportStatistics, "The counts.") },
  },
);

export const registerExportStatistics = (app: App, { nowMs }: Pick<RouteDeps, "nowMs">): void => {
  app.openapi(route, async (c) => {
    const period = readPeriod(c.req.valid("query"), nowMs());
    const where = { ...period, hiddenTables: hiddenTables(c) };
    const buckets = await countExportsByQuarterHour(c.get("db"), c.get("actor").projectId, where);
    return c.json({ ...period, bucketSeconds: 900, buckets }, 200);
  });
};
