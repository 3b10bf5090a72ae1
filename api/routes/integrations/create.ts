/** POST /api/public/integrations: creates an integration of any kind. */
import { AppError } from "../../../core/errors.ts";
import { CreateIntegration } from "../../../core/integrations/requests.ts";
import { createIntegration } from "../../../services/integrations/create-integration.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json, jsonRequest } from "../describe.ts";
import { IdempotencyHeader, idempotencyOf } from "../idempotency.ts";
import { type IntegrationDeps, saveDepsOf } from "./deps.ts";
import { loadIntegration } from "./load.ts";
import { Integration, showIntegration } from "./resource.ts";

const route = keyRoute(
  {
    scopes: ["integrations:CRUD"],
    codes: ["ENCRYPTION_DISABLED", "INTEGRATION_NAME_TAKEN", "TOO_MANY_INTEGRATIONS", "IDEMPOTENCY_KEY_REUSED", "NOT_FOUND"],
  },
  {
    method: "post",
    path: "/api/public/integrations",
    operationId: "createIntegration",
    tags: ["Integrations"],
    summary: "Create a scheduled integration",
    description:
      "Delivers what was written since the last time, window by window, to a bucket (`blob_storage`), PostHog or Mixpanel. docs/integrations-api.md lists the settings of each kind. The credentials are encrypted and never shown again.",
    request: {
      headers: IdempotencyHeader,
      body: jsonRequest(CreateIntegration.openapi("CreateIntegration"), {
        kind: "blob_storage",
        name: "warehouse",
        schedule: { frequency: "hourly" },
        mode: "FULL_HISTORY",
        settings: { type: "S3", bucketName: "my-warehouse", region: "eu-central-1", prefix: "spillway/", fileType: "PARQUET" },
        secret: { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret of the access key" },
      }),
    },
    responses: { 201: json(Integration, "The integration.") },
  },
);

export const registerCreateIntegration = (app: App, deps: IntegrationDeps): void => {
  app.openapi(route, async (c) => {
    const body = c.req.valid("json");
    const idempotency = await idempotencyOf(c.req.valid("header"), body);
    const actor = c.get("actor");
    const created = await createIntegration(c.get("db"), actor, saveDepsOf(deps), { id: deps.newId("integration"), body }, idempotency);
    if (created.outcome === "keyReused") throw new AppError({ code: "IDEMPOTENCY_KEY_REUSED" });
    c.header("location", `/api/public/integrations/${created.integrationId}`);
    return c.json(await showIntegration(deps, await loadIntegration(c.get("db"), actor.projectId, created.integrationId)), 201);
  });
};
