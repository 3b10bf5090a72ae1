/** GET /api/public/batch-exports: lists exports in pages, newest first. */

import { z } from "@hono/zod-openapi";
import { batchExportStatuses } from "../../../core/jobs/state.ts";
import { listExports } from "../../../services/exports/list-exports.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { CursorQuery, decodeCursor, pageOf } from "../cursor.ts";
import { keyRoute } from "../declare-route.ts";
import { json } from "../describe.ts";
import { BatchExportSummary, showBatchExportSummary } from "./resource.ts";
import { hiddenTables } from "./table-scope.ts";

const route = keyRoute(
  { scopes: ["batchExports:read"], codes: ["INVALID_CURSOR"] },
  {
    method: "get",
    path: "/api/public/batch-exports",
    operationId: "listBatchExports",
    tags: ["Exports"],
    summary: "List exports",
    description: "Newest first. Query and files are left out; GET /api/public/batch-exports/{id} shows them.",
    request: {
      query: z.strictObject({
        ...CursorQuery,
        status: z.enum(batchExportStatuses).optional(),
      }),
    },
    responses: {
      200: json(
        z.object({ data: z.array(BatchExportSummary), nextCursor: z.string().nullable() }).openapi("BatchExportPage"),
        "A page, newest first.",
      ),
    },
  },
);

export const registerList = (app: App, deps: Pick<RouteDeps, "nowMs">): void => {
  app.openapi(route, async (c) => {
    const { limit, cursor, status } = c.req.valid("query");
    const after = cursor === undefined ? null : decodeCursor(cursor);
    const rows = await listExports(c.get("db"), c.get("actor").projectId, {
      limit: limit + 1,
      after,
      status: status ?? null,
      hiddenTables: hiddenTables(c),
    });
    const { page, nextCursor } = pageOf(rows, limit);
    return c.json({ data: page.map((row) => showBatchExportSummary(row, deps.nowMs())), nextCursor }, 200);
  });
};
