/** DELETE /api/public/api-keys/{id}. */
import { AppError } from "../../../core/errors.ts";
import { revokeApiKey } from "../../../services/tenants/revoke-api-key.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam } from "../describe.ts";
import { authorOf } from "./deps.ts";

const route = keyRoute(
  { scopes: ["apiKeys:CRUD"], codes: ["NOT_FOUND"] },
  {
    method: "delete",
    path: "/api/public/api-keys/{id}",
    operationId: "revokeApiKey",
    tags: ["API keys"],
    summary: "Revoke an API key",
    description: "From this answer on, its secrets are refused. Exports it has created go on.",
    request: { params: IdParam },
    responses: { 204: { description: "Revoked." } },
  },
);

export const registerRevokeApiKey = (app: App): void => {
  app.openapi(route, async (c) => {
    const key = { id: c.req.valid("param").id, projectId: c.get("actor").projectId };
    if (!(await revokeApiKey(c.get("db"), key, authorOf(c)))) throw new AppError({ code: "NOT_FOUND" });
    return c.body(null, 204);
  });
};
