/** GET /api/public/integrations/{id}/runs and …/runs/{runId}: the ledger of what was delivered, window by window. */
import { z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { runStates } from "../../../core/integrations/run-state.ts";
import { isStorableInstant, notStorableInstant } from "../../../core/storable.ts";
import { findRun, listRuns } from "../../../services/integrations/list-runs.ts";
import type { App } from "../../deps.ts";
import { CursorQuery, decodeCursor, pageOf } from "../cursor.ts";
import { keyRoute } from "../declare-route.ts";
import { Id, IdParam, json } from "../describe.ts";
import { loadIntegration } from "./load.ts";
import { Run, RunSummary, showRunSummary } from "./run-resource.ts";

const instant = z.iso.datetime({ offset: true }).refine(isStorableInstant, notStorableInstant);

const listRoute = keyRoute(
  { scopes: ["integrations:CRUD"], codes: ["NOT_FOUND", "INVALID_CURSOR"] },
  {
    method: "get",
    path: "/api/public/integrations/{id}/runs",
    operationId: "listIntegrationRuns",
    tags: ["Integrations"],
    summary: "List the runs of an integration",
    description: "One per window, newest window first. What each table came to is left out; GET …/runs/{runId} shows it.",
    request: {
      params: IdParam,
      query: z.strictObject({
        ...CursorQuery,
        state: z.enum(runStates).optional(),
        from: instant.optional().describe("Only windows that end later."),
        to: instant.optional().describe("Only windows that begin earlier."),
      }),
    },
    responses: {
      200: json(z.object({ data: z.array(RunSummary), nextCursor: z.string().nullable() }).openapi("IntegrationRunPage"), "A page."),
    },
  },
);

const getRoute = keyRoute(
  { scopes: ["integrations:CRUD"], codes: ["NOT_FOUND"] },
  {
    method: "get",
    path: "/api/public/integrations/{id}/runs/{runId}",
    operationId: "getIntegrationRun",
    tags: ["Integrations"],
    summary: "Show a run",
    description: "With what each table came to: rows, files with their hashes, or events sent, accepted and rejected.",
    request: { params: IdParam.extend({ runId: Id }) },
    responses: { 200: json(Run, "The run.") },
  },
);

export const registerRuns = (app: App): void => {
  app.openapi(listRoute, async (c) => {
    const { limit, cursor, state, from, to } = c.req.valid("query");
    const { id } = await loadIntegration(c.get("db"), c.get("actor").projectId, c.req.valid("param").id);
    const after = cursor === undefined ? null : decodeCursor(cursor);
    const rows = await listRuns(c.get("db"), id, {
      limit: limit + 1,
      after: after === null ? null : { windowStart: after.createdAt, id: after.id },
      state: state ?? null,
      from: from ?? null,
      to: to ?? null,
    });
    const { page, nextCursor } = pageOf(
      rows.map((row) => ({ row, createdAt: row.windowStart, id: row.id })),
      limit,
    );
    return c.json({ data: page.map(({ row }) => showRunSummary(row)), nextCursor }, 200);
  });
  app.openapi(getRoute, async (c) => {
    const { id, runId } = c.req.valid("param");
    await loadIntegration(c.get("db"), c.get("actor").projectId, id);
    const row = await findRun(c.get("db"), id, runId);
    if (row === undefined) throw new AppError({ code: "NOT_FOUND" });
    return c.json({ ...showRunSummary(row), tables: row.tables }, 200);
  });
};
