/** DELETE /api/public/models/{id}: one of the project's own. */

import { AppError } from "../../../core/errors.ts";
import { deleteModel } from "../../../services/models/models.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { ModelParam } from "./resource.ts";

const route = keyRoute(
  { scopes: ["models:CUD"], codes: ["NOT_FOUND", "MODEL_NOT_DELETABLE"] },
  {
    method: "delete",
    path: "/api/public/models/{id}",
    operationId: "deleteModel",
    tags: ["Models"],
    summary: "Delete a model of the project",
    description: "Costs that were computed stay; calls are priced by the next model that matches, after a minute at the latest.",
    request: { params: ModelParam },
    responses: { 204: { description: "It is gone." } },
  },
);

export const registerDeleteModel = (app: App, deps: Pick<RouteDeps, "newId">): void => {
  app.openapi(route, async (c) => {
    const outcome = await deleteModel(c.get("db"), c.get("actor"), c.req.valid("param").id, deps.newId("auditLog"));
    if (outcome === "absent") throw new AppError({ code: "NOT_FOUND" });
    if (outcome === "isDefault") throw new AppError({ code: "MODEL_NOT_DELETABLE" });
    return c.body(null, 204);
  });
};
