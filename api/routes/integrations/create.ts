/** POST /api/public/integrations: creates an integration of any kind. */
import { CreateIntegration } from "../../../core/integrations/requests.ts";
import { createIntegration } from "../../../services/integrations/create-integration.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { component, json, jsonRequest } from "../describe.ts";
import { type IntegrationDeps, saveDepsOf } from "./deps.ts";
import { loadIntegration } from "./load.ts";
import { Integration, showIntegration } from "./resource.ts";

const route = keyRoute(
  {
    scopes: ["integrations:CRUD"],
    codes: ["ENCRYPTION_DISABLED", "INTEGRATION_NAME_TAKEN", "TOO_MANY_INTEGRATIONS", "NOT_FOUND"],
    creates: "object",
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
      body: jsonRequest(component(CreateIntegration, "CreateIntegration"), {
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
    const { projectId } = c.get("actor");
    const { id } = await createIntegration(c.get("db"), c.get("actor"), saveDepsOf(deps), { id: deps.newId("integration"), body });
    c.header("location", `/api/public/integrations/${id}`);
    return c.json(await showIntegration(deps, await loadIntegration(c.get("db"), projectId, id)), 201);
  });
};
