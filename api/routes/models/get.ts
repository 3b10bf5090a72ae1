/** GET /api/public/models/{id}. */

import { findModel } from "../../../services/models/models.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json } from "../describe.ts";
import { documentAnswer } from "../read-query.ts";
import { Model, ModelParam, showModel } from "./resource.ts";

const route = keyRoute(
  { scopes: ["traces:read"], codes: ["NOT_FOUND"] },
  {
    method: "get",
    path: "/api/public/models/{id}",
    operationId: "getModel",
    tags: ["Models"],
    summary: "Show a model and its prices",
    request: { params: ModelParam },
    responses: { 200: json(Model, "The model.") },
  },
);

export const registerGetModel = (app: App): void => {
  app.openapi(route, async (c) => {
    const row = await findModel(c.get("db"), c.get("actor").projectId, c.req.valid("param").id);
    return documentAnswer(c, row && [JSON.stringify(showModel(row))]) as never;
  });
};
