/** GET /api/public/batch-exports/{id}/download-link: names a short-lived signed URL, for browsers, whose scripts may not read from the object store. */

import { z } from "@hono/zod-openapi";
import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam, json } from "../describe.ts";
import { downloadCodes, signFile } from "./signed-file.ts";

const DownloadLink = z
  .object({
    url: z.string().describe("Signed: whoever has it can download the file."),
    name: z.string().describe("Name of the file."),
    expiresAt: z.iso.datetime().describe("From then on the URL is refused."),
  })
  .openapi("DownloadLink");

const route = keyRoute(
  { scopes: ["batchExports:read"], codes: downloadCodes },
  {
    method: "get",
    path: "/api/public/batch-exports/{id}/download-link",
    operationId: "getBatchExportDownloadLink",
    tags: ["Exports"],
    summary: "Get the address of a file of a completed export",
    description: "Answers the signed URL to which the download redirects. It is valid for a short time.",
    request: { params: IdParam, query: z.strictObject({ file: z.coerce.number().int().min(0).default(0) }) },
    responses: { 200: json(DownloadLink, "The address.") },
  },
);

export const registerDownloadLink = (app: App, deps: Pick<RouteDeps, "downloads" | "nowMs">): void => {
  app.openapi(route, async (c) => {
    const { url, name, seconds } = await signFile(c, deps, { ...c.req.valid("param"), ...c.req.valid("query") });
    return c.json({ url, name, expiresAt: new Date(deps.nowMs() + seconds * 1000).toISOString() }, 200);
  });
};
