/** PATCH /api/public/integrations/{id}: changes an integration. */
import { AppError } from "../../../core/errors.ts";
import { UpdateIntegration } from "../../../core/integrations/requests.ts";
import { updateIntegration } from "../../../services/integrations/update-integration.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { component, IdParam, json, jsonRequest } from "../describe.ts";
import { type IntegrationDeps, saveDepsOf } from "./deps.ts";
import { loadIntegration } from "./load.ts";
import { Integration, showIntegration } from "./resource.ts";

const route = keyRoute(
  {
    scopes: ["integrations:CRUD"],
    codes: ["NOT_FOUND", "ENCRYPTION_DISABLED", "SECRET_UNREADABLE", "INTEGRATION_NAME_TAKEN", "INTEGRATION_CHANGED"],
  },
  {
    method: "patch",
    path: "/api/public/integrations/{id}",
    operationId: "updateIntegration",
    tags: ["Integrations"],
    summary: "Change an integration",
    description:
      "What is left out stays. An enabled integration starts at once, and its failures are forgotten. A new `mode` or `startDate` begins again from there: windows that were delivered are delivered again to the same keys.",
    request: {
      params: IdParam,
      body: jsonRequest(component(UpdateIntegration, "UpdateIntegration"), {
        settings: { prefix: "traces/" },
        schedule: { frequency: "daily" },
      }),
    },
    responses: { 200: json(Integration, "The integration as it is now.") },
  },
);

export const registerUpdateIntegration = (app: App, deps: IntegrationDeps): void => {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid("param");
    const actor = c.get("actor");
    const outcome = await updateIntegration(c.get("db"), actor, saveDepsOf(deps), id, c.req.valid("json"));
    if (outcome === "absent") throw new AppError({ code: "NOT_FOUND" });
    return c.json(await showIntegration(deps, await loadIntegration(c.get("db"), actor.projectId, id)), 200);
  });
};
