/** GET /api/public/batch-exports/{id}/download: redirects to a short-lived signed URL, created for each request. */

import { z } from "@hono/zod-openapi";
import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam } from "../describe.ts";
import { downloadCodes, signFile } from "./signed-file.ts";

const route = keyRoute(
  { scopes: ["batchExports:read"], codes: downloadCodes },
  {
    method: "get",
    path: "/api/public/batch-exports/{id}/download",
    operationId: "downloadBatchExport",
    tags: ["Exports"],
    summary: "Download a file of a completed export",
    description: "Redirects to a signed URL of the object store, which is valid for a short time.",
    request: { params: IdParam, query: z.strictObject({ file: z.coerce.number().int().min(0).default(0) }) },
    responses: { 302: { description: "The file is at `Location`." } },
  },
);

export const registerDownload = (app: App, deps: Pick<RouteDeps, "downloads" | "nowMs">): void => {
  app.openapi(route, async (c) => {
    const { url } = await signFile(c, deps, { ...c.req.valid("param"), ...c.req.valid("query") });
    return c.redirect(url, 302);
  });
};
