/** GET /api/public/integrations/{id}/coverage: all windows at a glance. */
import { z } from "@hono/zod-openapi";
import { isStorableInstant, notStorableInstant } from "../../../core/storable.ts";
import { findCoverage } from "../../../services/integrations/find-coverage.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam, json } from "../describe.ts";
import { loadIntegration } from "./load.ts";

const instant = z.iso.datetime({ offset: true }).refine(isStorableInstant, notStorableInstant);
const ofState = (words: string) => z.int().describe(`Windows of the cell that ${words}.`);

const CoverageCell = z
  .object({
    from: z.iso.datetime().describe("Start of its first window."),
    to: z.iso.datetime().describe("End of its last window."),
    windows: z.int().describe("Windows of the cell: consecutive ones."),
    pending: ofState("wait to be delivered again"),
    queued: ofState("have a job"),
    running: ofState("are being delivered"),
    completed: ofState("were delivered"),
    failed: ofState("could not be delivered and are taken up at the next tick"),
    rows: z.int().describe("Rows of its windows."),
    rejected: z.int().describe("Rows that the sink refused."),
    hasGap: z.boolean().describe("True: before one of its windows lies time that no window covers."),
  })
  .openapi("IntegrationCoverageCell");

const route = keyRoute(
  { scopes: ["integrations:CRUD"], codes: ["NOT_FOUND"] },
  {
    method: "get",
    path: "/api/public/integrations/{id}/coverage",
    operationId: "getIntegrationCoverage",
    tags: ["Integrations"],
    summary: "Show the windows of an integration at a glance",
    description:
      "Cells in the order of time: one for each window, or one for equally many consecutive windows where there are more than `cells`. The last cell may hold fewer.",
    request: {
      params: IdParam,
      query: z.strictObject({
        cells: z.coerce.number().int().min(1).max(500).default(200).describe("At most so many cells."),
        from: instant.optional().describe("Only windows that end later."),
        to: instant.optional().describe("Only windows that begin earlier."),
      }),
    },
    responses: {
      200: json(z.object({ cells: z.array(CoverageCell).describe("Oldest first.") }).openapi("IntegrationCoverage"), "The cells."),
    },
  },
);

export const registerCoverage = (app: App): void => {
  app.openapi(route, async (c) => {
    const { cells: cellsMax, from, to } = c.req.valid("query");
    const { id } = await loadIntegration(c.get("db"), c.get("actor").projectId, c.req.valid("param").id);
    const cells = await findCoverage(c.get("db"), id, { from: from ?? null, to: to ?? null, cellsMax });
    return c.json({ cells: cells.map((cell) => ({ ...cell, from: cell.from.toISOString(), to: cell.to.toISOString() })) }, 200);
  });
};
