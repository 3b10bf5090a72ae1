/** POST /api/public/integrations/{id}/pause. */
import { AppError } from "../../../core/errors.ts";
import { pauseIntegration } from "../../../services/integrations/pause-integration.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam, json } from "../describe.ts";
import type { IntegrationDeps } from "./deps.ts";
import { loadIntegration } from "./load.ts";
import { Integration, showIntegration } from "./resource.ts";

const route = keyRoute(
  { scopes: ["integrations:CRUD"], codes: ["NOT_FOUND"] },
  {
    method: "post",
    path: "/api/public/integrations/{id}/pause",
    operationId: "pauseIntegration",
    tags: ["Integrations"],
    summary: "Pause an integration",
    description: "No further window begins; one that is under way ends first. Nothing is lost: after resuming it goes on where it stopped.",
    request: { params: IdParam },
    responses: { 200: json(Integration, "The integration.") },
  },
);

export const registerPauseIntegration = (app: App, deps: IntegrationDeps): void => {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid("param");
    const actor = c.get("actor");
    const outcome = await pauseIntegration(c.get("db"), actor, id);
    if (outcome === "absent") throw new AppError({ code: "NOT_FOUND" });
    return c.json(await showIntegration(deps, await loadIntegration(c.get("db"), actor.projectId, id)), 200);
  });
};
