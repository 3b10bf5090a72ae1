/** DELETE /api/public/models/{id}: deletes a model of the project. */

import { AppError } from "../../../core/errors.ts";
import { deleteModel } from "../../../services/models/delete-model.ts";
import type { App } from "../../deps.ts";
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
    description: "Computed costs stay. Within a minute, the next matching model prices new calls.",
    request: { params: ModelParam },
    responses: { 204: { description: "Deleted." } },
  },
);

export const registerDeleteModel = (app: App): void => {
  app.openapi(route, async (c) => {
    const outcome = await deleteModel(c.get("db"), c.get("actor"), c.req.valid("param").id);
    if (outcome === "absent") throw new AppError({ code: "NOT_FOUND" });
    if (outcome === "isDefault") throw new AppError({ code: "MODEL_NOT_DELETABLE" });
    return c.body(null, 204);
  });
};
