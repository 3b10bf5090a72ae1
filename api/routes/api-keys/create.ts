/** POST /api/public/api-keys. */
import { AppError } from "../../../core/errors.ts";
import { createApiKey } from "../../../services/tenants/create-api-key.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json, jsonRequest } from "../describe.ts";
import { authorOf, type KeyDeps, ownerOf, tenantDepsOf } from "./deps.ts";
import { ApiKeyWithSecret, CreateApiKey, showApiKey } from "./resource.ts";

const route = keyRoute(
  { scopes: ["apiKeys:CRUD"], codes: ["SCOPE_NOT_HELD", "TOO_MANY_API_KEYS"], creates: "secret" },
  {
    method: "post",
    path: "/api/public/api-keys",
    operationId: "createApiKey",
    tags: ["API keys"],
    summary: "Create an API key of the project",
    description:
      "The secret is shown once. With an Idempotency-Key, the answer is kept for 24 hours, encrypted with ENCRYPTION_KEY, so that a repeated request shows it again.",
    request: { body: jsonRequest(CreateApiKey, { scopes: ["batchExports:create", "batchExports:read"], note: "nightly export" }) },
    responses: { 201: json(ApiKeyWithSecret, "The key with its secret.") },
  },
);

export const registerCreateApiKey = (app: App, deps: KeyDeps): void => {
  app.openapi(route, async (c) => {
    const { expiresAt, ...body } = c.req.valid("json");
    if (expiresAt !== undefined && Date.parse(expiresAt) <= deps.nowMs())
      throw new AppError({ code: "INVALID_REQUEST", fields: [{ path: "expiresAt", message: "must be in the future" }] });
    const key = { ...body, ...ownerOf(c), expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt) };
    const { secretKey, ...row } = await createApiKey(tenantDepsOf(c, deps), key, authorOf(c));
    c.header("location", `/api/public/api-keys/${row.id}`);
    c.header("cache-control", "no-store");
    return c.json({ ...showApiKey(row), secretKey }, 201);
  });
};
