/** Langfuse's routes of blob storage integrations: GET and PUT /api/public/integrations/blob-storage, GET and DELETE …/blob-storage/{id}. */
import { z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { PutBlobStorage } from "../../../core/integrations/langfuse-blob-storage.ts";
import { deleteIntegration } from "../../../services/integrations/delete-integration.ts";
import { findBlobStorage, listBlobStorage } from "../../../services/integrations/find-blob-storage.ts";
import { putBlobStorage } from "../../../services/integrations/put-blob-storage.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { component, IdParam, json, jsonRequest } from "../describe.ts";
import { BlobStorageIntegration, BlobStorageStatus, showBlobStorage, showBlobStorageStatus } from "./blob-storage-resource.ts";
import { type IntegrationDeps, saveDepsOf } from "./deps.ts";
import { loadIntegration } from "./load.ts";

const path = "/api/public/integrations/blob-storage";
const tags = ["Blob storage (Langfuse)"];
const scopes = ["integrations:CRUD"] as const;

const listRoute = keyRoute(
  { scopes, codes: [] },
  {
    method: "get",
    path,
    operationId: "listBlobStorageIntegrations",
    tags,
    summary: "List blob storage integrations",
    description: "Those of the key's project. GET /api/public/integrations shows all kinds and the full status.",
    responses: { 200: json(z.object({ data: z.array(BlobStorageIntegration) }).openapi("BlobStorageIntegrations"), "The integrations.") },
  },
);

const putRoute = keyRoute(
  { scopes, codes: ["NOT_FOUND", "ENCRYPTION_DISABLED", "SECRET_UNREADABLE", "TOO_MANY_INTEGRATIONS"] },
  {
    method: "put",
    path,
    operationId: "putBlobStorageIntegration",
    tags,
    summary: "Create or change the blob storage integration of a project",
    description:
      "Creates or changes the integration named `default`. `projectId` is the key's own project. `secretAccessKey` and `compressed` keep their stored values if left out. Settings that this shape does not have stay.",
    request: {
      body: jsonRequest(component(PutBlobStorage, "PutBlobStorage"), {
        projectId: "prj-1",
        type: "S3",
        bucketName: "my-warehouse",
        region: "eu-central-1",
        accessKeyId: "AKIAEXAMPLE",
        secretAccessKey: "secret of the access key",
        prefix: "langfuse/",
        exportFrequency: "daily",
        enabled: true,
        forcePathStyle: false,
        fileType: "PARQUET",
        exportMode: "FULL_HISTORY",
      }),
    },
    responses: { 200: json(BlobStorageIntegration, "The integration.") },
  },
);

const getRoute = keyRoute(
  { scopes, codes: ["NOT_FOUND"] },
  {
    method: "get",
    path: `${path}/{id}`,
    operationId: "getBlobStorageIntegrationStatus",
    tags,
    summary: "Show the status of a blob storage integration",
    request: { params: IdParam },
    responses: { 200: json(BlobStorageStatus, "The status.") },
  },
);

const deleted = { message: "Blob storage integration successfully deleted" };
const deleteRoute = keyRoute(
  { scopes, codes: ["NOT_FOUND"] },
  {
    method: "delete",
    path: `${path}/{id}`,
    operationId: "deleteBlobStorageIntegration",
    tags,
    summary: "Delete a blob storage integration",
    request: { params: IdParam },
    responses: { 200: json(z.object({ message: z.string() }).openapi("BlobStorageIntegrationDeleted"), "Deleted.", deleted) },
  },
);

export const registerBlobStorage = (app: App, deps: IntegrationDeps): void => {
  app.openapi(listRoute, async (c) => {
    const rows = await listBlobStorage(c.get("db"), c.get("actor").projectId);
    return c.json({ data: await Promise.all(rows.map((row) => showBlobStorage(deps, row))) }, 200);
  });
  app.openapi(putRoute, async (c) => {
    const put = c.req.valid("json");
    const actor = c.get("actor");
    if (put.projectId !== actor.projectId) throw new AppError({ code: "NOT_FOUND", message: "Project not found" });
    const id = await putBlobStorage(c.get("db"), actor, saveDepsOf(deps), { id: deps.newId("integration"), put });
    return c.json(await showBlobStorage(deps, await loadIntegration(c.get("db"), actor.projectId, id)), 200);
  });
  app.openapi(getRoute, async (c) => {
    const found = await findBlobStorage(c.get("db"), c.get("actor").projectId, c.req.valid("param").id);
    if (found === undefined) throw new AppError({ code: "NOT_FOUND" });
    return c.json(showBlobStorageStatus(found, deps.nowMs()), 200);
  });
  app.openapi(deleteRoute, async (c) => {
    const found = await findBlobStorage(c.get("db"), c.get("actor").projectId, c.req.valid("param").id);
    const outcome = found === undefined ? "absent" : await deleteIntegration(c.get("db"), c.get("actor"), found.id);
    if (outcome === "absent") throw new AppError({ code: "NOT_FOUND" });
    return c.json(deleted, 200);
  });
};
