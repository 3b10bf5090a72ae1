/** GET /api/public/audit-logs: who changed what in the project, newest first. */
import { createRoute, z } from "@hono/zod-openapi";
import { listAuditLogs } from "../../../db/queries/audit-logs.ts";
import type { App } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { CursorQuery, decodeCursor, pageOf } from "../cursor.ts";
import { json, refusals, security } from "../describe.ts";

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

const route = createRoute({
  method: "get",
  path: "/api/public/audit-logs",
  operationId: "listAuditLogs",
  tags: ["Audit logs"],
  summary: "List audit logs",
  security,
  middleware: [requireScope("auditLogs:read")] as const,
  request: {
    query: z.strictObject({
      ...CursorQuery,
      resourceType: z.string().max(100).optional(),
      resourceId: z.string().max(500).optional(),
      action: z.string().max(100).optional(),
    }),
  },
  responses: {
    200: json(z.object({ data: z.array(AuditLog), nextCursor: z.string().nullable() }).openapi("AuditLogPage"), "A page, newest first."),
    ...refusals,
  },
});

export const registerAuditLogs = (app: App): void => {
  app.openapi(route, async (c) => {
    const { limit, cursor, resourceType, resourceId, action } = c.req.valid("query");
    const rows = await listAuditLogs(c.get("db"), c.get("actor").projectId, {
      limit: limit + 1,
      after: cursor === undefined ? null : decodeCursor(cursor),
      where: { resourceType, resourceId, action },
    });
    const { page, nextCursor } = pageOf(rows, limit);
    return c.json({ data: page.map(({ createdAt, ...row }) => ({ ...row, createdAt: createdAt.toISOString() })), nextCursor }, 200);
  });
};
