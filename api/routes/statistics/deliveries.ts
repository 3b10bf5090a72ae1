/** GET /api/public/statistics/webhook-deliveries. */
import { z } from "@hono/zod-openapi";
import { countDeliveriesByQuarterHour } from "../../../services/webhooks/count-by-quarter-hour.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json } from "../describe.ts";
import { Period, readPeriod } from "./period.ts";

const DeliveryStatistics = z
  .object({
    from: z.iso.datetime().describe("First instant of the period. ISO 8601, UTC."),
    to: z.iso.datetime().describe("End of the period. ISO 8601, UTC."),
    bucketSeconds: z.int().describe("Length of a bucket: 900, a quarter of an hour, so that days of every time zone are sums of buckets."),
    buckets: z
      .array(
        z.object({
          at: z.iso.datetime().describe("Begin of the bucket. ISO 8601, UTC."),
          delivered: z.int().describe("Deliveries that an endpoint has accepted."),
          failed: z.int().describe("Deliveries that were given up."),
          waiting: z.int().describe("Deliveries that wait for their next attempt."),
        }),
      )
      .describe("By when the events happened, oldest first. Buckets without deliveries are left out."),
  })
  .openapi("DeliveryStatistics");

const route = keyRoute(
  { scopes: ["webhooks:CRUD"], codes: [] },
  {
    method: "get",
    path: "/api/public/statistics/webhook-deliveries",
    operationId: "getDeliveryStatistics",
    tags: ["Webhooks"],
    summary: "Count webhook deliveries over time",
    description:
      "Of all endpoints of the project, by outcome, in quarters of an hour. Test deliveries are not counted, and neither are those of deleted endpoints.",
    request: { query: z.strictObject(Period) },
    responses: { 200: json(DeliveryStatistics, "The counts.") },
  },
);

export const registerDeliveryStatistics = (app: App, { nowMs }: Pick<RouteDeps, "nowMs">): void => {
  app.openapi(route, async (c) => {
    const period = readPeriod(c.req.valid("query"), nowMs());
    const buckets = await countDeliveriesByQuarterHour(c.get("db"), c.get("actor").projectId, period);
    return c.json({ ...period, bucketSeconds: 900, buckets }, 200);
  });
};
