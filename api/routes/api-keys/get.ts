/** GET /api/public/api-keys/{id}. */
import { AppError } from "../../../core/errors.ts";
import { findApiKey } from "../../../services/tenants/list-api-keys.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam, json } from "../describe.ts";
import { ApiKey, showApiKey } from "./resource.ts";

const route = keyRoute(
  { scopes: ["apiKeys:CRUD"], codes: ["NOT_FOUND"] },
  {
    method: "get",
    path: "/api/public/api-keys/{id}",
    operationId: "getApiKey",
    tags: ["API keys"],
    summary: "Show an API key without its secret",
    request: { params: IdParam },
    responses: { 200: json(ApiKey, "The key.") },
  },
);

export const registerGetApiKey = (app: App): void => {
  app.openapi(route, async (c) => {
    const row = await findApiKey(c.get("db"), c.get("actor").projectId, c.req.valid("param").id);
    if (row === undefined) throw new AppError({ code: "NOT_FOUND" });
    return c.json(showApiKey(row), 200);
  });
};
