/** POST /api/public/webhook-endpoints/{id}/rotate-secret: a new secret, shown once. */
import { z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { overlapHours } from "../../../core/webhooks/endpoint.ts";
import { rotateEndpointSecret } from "../../../services/webhooks/rotate-endpoint-secret.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam, json, jsonRequest } from "../describe.ts";
import type { WebhookDeps } from "./deps.ts";
import { showWithSecret, WebhookEndpointWithSecret } from "./resource.ts";

const Rotation = z.strictObject({
  overlapHours: z
    .int()
    .min(0)
    .max(overlapHours.max)
    .default(overlapHours.default)
    .describe("How long the former secret signs too. 0: it ends at once."),
});

const route = keyRoute(
  { scopes: ["webhooks:CRUD"], codes: ["NOT_FOUND", "ENCRYPTION_DISABLED"], creates: "secret" },
  {
    method: "post",
    path: "/api/public/webhook-endpoints/{id}/rotate-secret",
    operationId: "rotateWebhookSecret",
    tags: ["Webhooks"],
    summary: "Rotate the secret of a webhook endpoint",
    description:
      "The new secret is shown only in this answer. Until `previousSecretUntil` each request has two signatures, so receivers with either secret accept it.",
    request: { params: IdParam, body: jsonRequest(Rotation.openapi("WebhookSecretRotation"), { overlapHours: 24 }) },
    responses: { 200: json(WebhookEndpointWithSecret, "The endpoint with its new secret.") },
  },
);

export const registerRotateSecret = (app: App, deps: WebhookDeps): void => {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid("param");
    const rotated = await rotateEndpointSecret(c.get("db"), c.get("actor"), deps, { id, ...c.req.valid("json") });
    if (rotated === undefined) throw new AppError({ code: "NOT_FOUND" });
    c.header("cache-control", "no-store");
    return c.json(showWithSecret(rotated.endpoint, rotated.secret), 200);
  });
};
