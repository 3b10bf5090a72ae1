/** POST /api/public/api-keys/{id}/rotate. */
import { AppError } from "../../../core/errors.ts";
import { rotateApiKey } from "../../../services/tenants/rotate-api-key.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam, json, jsonRequest } from "../describe.ts";
import { authorOf, type KeyDeps, tenantDepsOf } from "./deps.ts";
import { ApiKeyWithSecret, RotateApiKey, showApiKey } from "./resource.ts";

const route = keyRoute(
  { scopes: ["apiKeys:CRUD"], codes: ["NOT_FOUND", "SCOPE_NOT_HELD", "ROLE_NOT_HELD"], creates: "secret" },
  {
    method: "post",
    path: "/api/public/api-keys/{id}/rotate",
    operationId: "rotateApiKey",
    tags: ["API keys"],
    summary: "Give an API key a new secret",
    description:
      "Id, public key, scopes and expiry stay. The former secret stays valid for the overlap; a second rotation ends the one before it at once. The new secret is shown once, like that of a new key. A key can rotate only keys whose scopes it has itself, and only that of an owner rotates the key of an owner that manages members.",
    request: { params: IdParam, body: jsonRequest(RotateApiKey, { overlapSeconds: 3600 }) },
    responses: { 200: json(ApiKeyWithSecret, "The key with its new secret.") },
  },
);

export const registerRotateApiKey = (app: App, deps: KeyDeps): void => {
  app.openapi(route, async (c) => {
    const rotation = { ...c.req.valid("json"), id: c.req.valid("param").id, projectId: c.get("actor").projectId };
    const rotated = await rotateApiKey(tenantDepsOf(c, deps), rotation, authorOf(c));
    if (rotated === undefined) throw new AppError({ code: "NOT_FOUND" });
    const { secretKey, ...row } = rotated;
    c.header("cache-control", "no-store");
    return c.json({ ...showApiKey(row), secretKey }, 200);
  });
};
