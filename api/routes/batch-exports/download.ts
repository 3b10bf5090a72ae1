/** GET /api/public/batch-exports/{id}/download: redirects to a short-lived signed URL, created for each request. */

import { z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { writeAudit } from "../../../services/audit/write-audit.ts";
import { signDownload } from "../../../services/exports/sign-download.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam } from "../describe.ts";
import { loadBatchExport } from "./load.ts";

const route = keyRoute(
  { scopes: ["batchExports:read"], codes: ["EXPORTS_DISABLED", "NOT_FOUND", "EXPORT_NOT_READY", "EXPORT_EXPIRED"] },
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
    const { downloads } = deps;
    if (downloads === null) throw new AppError({ code: "EXPORTS_DISABLED" });
    const row = await loadBatchExport(c, c.req.valid("param").id);
    if (row.status !== "COMPLETED" || row.manifest === null || row.expiresAt === null) throw new AppError({ code: "EXPORT_NOT_READY" });
    const leftSeconds = Math.floor((row.expiresAt.getTime() - deps.nowMs()) / 1000);
    if (leftSeconds <= 0 || row.filesDeletedAt !== null) throw new AppError({ code: "EXPORT_EXPIRED" });
    const file = row.manifest.files[c.req.valid("query").file];
    if (file === undefined) throw new AppError({ code: "NOT_FOUND", message: "The export has no file with this number." });

    const address = await signDownload({
      location: downloads.location,
      credentials: downloads,
      file,
      seconds: Math.min(downloads.linkSeconds, leftSeconds),
    });
    await writeAudit(c.get("db"), c.get("actor"), {
      resourceType: "batchExport",
      resourceId: row.id,
      action: "download",
      after: { file: file.name },
    });
    c.header("cache-control", "no-store");
    return c.redirect(address, 302);
  });
};
