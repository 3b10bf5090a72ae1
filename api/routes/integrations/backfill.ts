/** POST /api/public/integrations/{id}/backfill. */
import { z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { isStorableInstant, notStorableInstant } from "../../../core/storable.ts";
import { requestBackfill } from "../../../services/integrations/request-backfill.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam, json, jsonRequest } from "../describe.ts";

const instant = z.iso.datetime({ offset: true }).refine(isStorableInstant, notStorableInstant);

const Range = z
  .strictObject({ from: instant, to: instant.describe("Exclusive.") })
  .refine(({ from, to }) => Date.parse(from) < Date.parse(to), { path: ["to"], message: "must be later than from" });

const Backfill = z.object({
  again: z.int().describe("Windows that were delivered before and will be delivered again, to the same keys."),
  added: z.int().describe("Windows that no run covered."),
  from: z.iso.datetime(),
  to: z.iso.datetime().describe("At most where the integration has got to: the rest follows by its schedule."),
});

const route = keyRoute(
  { scopes: ["integrations:CRUD"], codes: ["NOT_FOUND", "INTEGRATION_NOT_STARTED"], creates: "object" },
  {
    method: "post",
    path: "/api/public/integrations/{id}/backfill",
    operationId: "backfillIntegration",
    tags: ["Integrations"],
    summary: "Deliver a range again",
    description:
      "Delivers every window that touches the range, on the instant rows were written, as the rows are now. Windows that are under way or wait already are left as they are. It runs beside the schedule, one window at a time.",
    request: {
      params: IdParam,
      body: jsonRequest(Range.openapi("BackfillRange"), { from: "2026-11-01T00:00:00Z", to: "2026-11-08T00:00:00Z" }),
    },
    responses: { 202: json(Backfill.openapi("Backfill"), "What will be delivered.") },
  },
);

export const registerBackfill = (app: App): void => {
  app.openapi(route, async (c) => {
    const asked = await requestBackfill(c.get("db"), c.get("actor"), c.req.valid("param").id, c.req.valid("json"));
    if (asked.outcome !== "requested") throw new AppError({ code: asked.outcome === "absent" ? "NOT_FOUND" : "INTEGRATION_NOT_STARTED" });
    const { again, added, from, to } = asked;
    return c.json({ again, added, from, to }, 202);
  });
};
