/** DELETE /api/public/integrations/{id}. */
import { AppError } from "../../../core/errors.ts";
import { deleteIntegration } from "../../../services/integrations/delete-integration.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam } from "../describe.ts";

const route = keyRoute(
  { scopes: ["integrations:CRUD"], codes: ["NOT_FOUND"] },
  {
    method: "delete",
    path: "/api/public/integrations/{id}",
    operationId: "deleteIntegration",
    tags: ["Integrations"],
    summary: "Delete an integration",
    description: "Its credentials, runs and refused rows are deleted. What it has delivered stays where it is.",
    request: { params: IdParam },
    responses: { 204: { description: "Deleted." } },
  },
);

export const registerDeleteIntegration = (app: App): void => {
  app.openapi(route, async (c) => {
    const outcome = await deleteIntegration(c.get("db"), c.get("actor"), c.req.valid("param").id);
    if (outcome === "absent") throw new AppError({ code: "NOT_FOUND" });
    return c.body(null, 204);
  });
};
