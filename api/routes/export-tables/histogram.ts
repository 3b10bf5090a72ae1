/** POST /api/public/export-tables/{table}/histogram: counts the rows of a query over time. */

import { z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { ExportQuery } from "../../../core/query/export-query.ts";
import { instantBound } from "../../../core/query/filters/bounds.ts";
import { instantText } from "../../../core/query/histogram.ts";
import { countByTime } from "../../../services/exports/count-by-time.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json, jsonRequest } from "../describe.ts";
import { checkQuery, loadTable, lookCodes, lookScopes, RowFilter, scopesSentence, TableParam } from "./table-query.ts";

const Instant = z.iso.datetime({ offset: true });

const HistogramRequest = z
  .strictObject({
    ...RowFilter,
    from: Instant.describe("Start of the first bucket."),
    to: Instant.describe("End of the last bucket; a row at this instant is in none."),
    buckets: z.int().min(1).max(200).default(60).describe("Largest number of buckets. They are whole seconds wide, so there may be fewer."),
  })
  .openapi("TableHistogramRequest");

const Histogram = z
  .object({
    from: z.string().describe("Start of the first bucket, ISO 8601 UTC."),
    to: z.string().describe("End of the range; the last bucket may be shorter than the others."),
    bucketSeconds: z.int().describe("Width of a bucket."),
    counts: z.array(z.int()).describe("Rows in each bucket, oldest first. Exact: a row counts once, in its newest version."),
  })
  .openapi("TableHistogram");

const example = {
  filter: [{ type: "stringOptions", column: "level", operator: "any of", value: ["ERROR"] }],
  from: "2026-01-01T00:00:00Z",
  to: "2026-01-31T00:00:00Z",
  buckets: 30,
};

const route = keyRoute(
  { scopes: lookScopes, codes: lookCodes },
  {
    method: "post",
    path: "/api/public/export-tables/{table}/histogram",
    operationId: "countTableRows",
    tags: ["Tables"],
    summary: "Count the rows of a table over time",
    description: `Counts the rows that an export of the same query would hold, in buckets of the table's time. Rows of the future, which exports leave out, are not counted. ${scopesSentence}`,
    request: { params: TableParam, body: jsonRequest(HistogramRequest, example) },
    responses: { 200: json(Histogram, "The counts.") },
  },
);

export const registerHistogram = (app: App, deps: Pick<RouteDeps, "eventsTable" | "nowMs" | "openPreviewClickHouse">): void => {
  app.openapi(route, async (c) => {
    const table = loadTable(c, c.req.valid("param").table);
    const { from, to, buckets, ...asked } = c.req.valid("json");
    const query = ExportQuery.parse({ ...asked, columns: ["id"], tableName: table.name });
    checkQuery(c, query);
    const range = { fromUs: microsOf(from), toUs: microsOf(to), buckets };
    if (range.fromUs >= range.toUs)
      throw new AppError({ code: "INVALID_REQUEST", fields: [{ path: "to", message: "must be after `from`" }] });
    const nowUs = BigInt(deps.nowMs()) * 1000n;
    const counted = await countByTime(
      { db: c.get("db"), clickhouse: deps.openPreviewClickHouse(), physical: { events: deps.eventsTable } },
      query,
      {
        projectId: c.get("actor").projectId,
        start: instantText(range.fromUs),
        end: instantText(range.toUs < nowUs ? range.toUs : nowUs),
      },
      range,
    );
    return c.json({ from: instantText(range.fromUs), to: instantText(range.toUs), ...counted }, 200);
  });
};

/** Microseconds since 1970, within what ClickHouse stores; finer digits are cut. */
const microsOf = (instant: string): bigint => {
  const bound = instantBound(">=", instant);
  if (bound === "never") throw new Error("only equality can hold for no value");
  return bound.units;
};
