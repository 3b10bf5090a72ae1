/** GET /api/public/audit-logs: lists who changed what in the project, newest first. */

import { z } from "@hono/zod-openapi";
import { storableText } from "../../../core/storable.ts";
import { listAuditLogs } from "../../../services/audit/audit-logs.ts";
import type { App } from "../../deps.ts";
import { CursorQuery, cursorAfter, decodeCursor } from "../cursor.ts";
import { keyRoute } from "../declare-route.ts";
import { json } from "../describe.ts";

const AuditLog = z
  .object({
    id: z.string(),
    createdAt: z.string(),
    type: z.string(),
    apiKeyId: z.string().nullable(),
    userId: z.string().nullable(),
    userProjectRole: z.string().nullable(),
    resourceType: z.string(),
    resourceId: z.string(),
    action: z.string(),
    requestId: z.string().nullable(),
    ipAddress: z.string().nullable(),
    before: z.unknown(),
    after: z.unknown(),
  })
  .openapi("AuditLog");

const route = keyRoute(
  { scopes: ["auditLogs:read"], codes: ["INVALID_CURSOR"] },
  {
    method: "get",
    path: "/api/public/audit-logs",
    operationId: "listAuditLogs",
    tags: ["Audit logs"],
    summary: "List audit logs",
    description: "A page of large rows may have fewer than `limit`; `nextCursor` is null on the last page.",
    request: {
      query: z.strictObject({
        ...CursorQuery,
        resourceType: storableText(100).optional(),
        resourceId: storableText(500).optional(),
        action: storableText(100).optional(),
      }),
    },
    responses: {
      200: json(z.object({ data: z.array(AuditLog), nextCursor: z.string().nullable() }).openapi("AuditLogPage"), "A page, newest first."),
    },
  },
);

export const registerAuditLogs = (app: App): void => {
  app.openapi(route, async (c) => {
    const { limit, cursor, resourceType, resourceId, action } = c.req.valid("query");
    const { rows, hasMore } = await listAuditLogs(c.get("db"), c.get("actor").projectId, {
      rowsMax: limit,
      after: cursor === undefined ? null : decodeCursor(cursor),
      where: { resourceType, resourceId, action },
    });
    const data = rows.map(({ createdAt, ...row }) => ({ ...row, createdAt: createdAt.toISOString() }));
    return c.json({ data, nextCursor: hasMore ? cursorAfter(rows) : null }, 200);
  });
};
