/** GET /api/public/integrations/{id}: an integration with its status. */
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam, json } from "../describe.ts";
import type { IntegrationDeps } from "./deps.ts";
import { loadIntegration } from "./load.ts";
import { Integration, showIntegration } from "./resource.ts";

const route = keyRoute(
  { scopes: ["integrations:CRUD"], codes: ["NOT_FOUND"] },
  {
    method: "get",
    path: "/api/public/integrations/{id}",
    operationId: "getIntegration",
    tags: ["Integrations"],
    summary: "Show an integration and its status",
    description: "`status` says how far it has delivered, what comes next, and what is wrong, also in a sentence.",
    request: { params: IdParam },
    responses: { 200: json(Integration, "The integration.") },
  },
);

export const registerGetIntegration = (app: App, deps: IntegrationDeps): void => {
  app.openapi(route, async (c) => {
    const row = await loadIntegration(c.get("db"), c.get("actor").projectId, c.req.valid("param").id);
    return c.json(await showIntegration(deps, row), 200);
  });
};
