/** GET /api/public/batch-exports: pages of exports, newest first. */
import { createRoute, z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { batchExportStatuses } from "../../../core/jobs/state.ts";
import { listBatchExports } from "../../../db/queries/batch-exports.ts";
import type { App, AppDeps } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { json, refusals, security } from "../describe.ts";
import { BatchExport, showBatchExport } from "./resource.ts";

const route = createRoute({
  method: "get",
  path: "/api/public/batch-exports",
  operationId: "listBatchExports",
  tags: ["Batch exports"],
  summary: "List exports",
  security,
  middleware: [requireScope("batchExports:read")] as const,
  request: {
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).max(100).default(50),
      cursor: z.string().max(500).optional(),
      status: z.enum(batchExportStatuses).optional(),
    }),
  },
  responses: {
    200: json(
      z.object({ data: z.array(BatchExport), nextCursor: z.string().nullable() }).openapi("BatchExportPage"),
      "A page, newest first.",
    ),
    ...refusals,
  },
});

const Cursor = z.strictObject({ at: z.iso.datetime(), id: z.string() });

const decode = (cursor: string): { createdAt: Date; id: string } => {
  try {
    const { at, id } = Cursor.parse(JSON.parse(atob(cursor)));
    return { createdAt: new Date(at), id };
  } catch (cause) {
    throw new AppError({ code: "INVALID_CURSOR", fields: [{ path: "cursor", message: "Not a cursor of this list." }], cause });
  }
};

export const registerList = (app: App, deps: AppDeps): void => {
  app.openapi(route, async (c) => {
    const { limit, cursor, status } = c.req.valid("query");
    const after = cursor === undefined ? null : decode(cursor);
    const rows = await listBatchExports(c.get("db"), c.get("actor").projectId, { limit: limit + 1, after, status: status ?? null });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const nextCursor =
      rows.length > limit && last !== undefined ? btoa(JSON.stringify({ at: last.createdAt.toISOString(), id: last.id })) : null;
    return c.json({ data: page.map((row) => showBatchExport(row, deps.nowMs())), nextCursor }, 200);
  });
};
