/** POST /api/public/integrations/{id}/run. */
import { AppError } from "../../../core/errors.ts";
import { requestRun } from "../../../services/integrations/request-run.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam, json } from "../describe.ts";
import type { IntegrationDeps } from "./deps.ts";
import { loadIntegration } from "./load.ts";
import { Integration, showIntegration } from "./resource.ts";

const route = keyRoute(
  { scopes: ["integrations:CRUD"], codes: ["NOT_FOUND", "INTEGRATION_DISABLED"], creates: "object" },
  {
    method: "post",
    path: "/api/public/integrations/{id}/run",
    operationId: "runIntegration",
    tags: ["Integrations"],
    summary: "Run an integration now",
    description: "Delivers what is complete so far, without waiting for the schedule.",
    request: { params: IdParam },
    responses: { 202: json(Integration, "The integration.") },
  },
);

export const registerRunIntegration = (app: App, deps: IntegrationDeps): void => {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid("param");
    const actor = c.get("actor");
    const outcome = await requestRun(c.get("db"), actor, id);
    if (outcome === "absent") throw new AppError({ code: "NOT_FOUND" });
    if (outcome === "disabled") throw new AppError({ code: "INTEGRATION_DISABLED" });
    return c.json(await showIntegration(deps, await loadIntegration(c.get("db"), actor.projectId, id)), 202);
  });
};
