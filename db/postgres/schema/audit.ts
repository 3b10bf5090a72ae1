/** The audit log: who did what to which object. */

import { index, json, pgTable, text } from "drizzle-orm/pg-core";
import { createdAt, newId, updatedAt } from "./columns.ts";

export const auditLogs = pgTable(
  "audit_logs",
  {
    id: text().primaryKey().default(newId("auditLog")),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    type: text({ enum: ["USER", "API_KEY", "ADMIN", "RUNNER"] }).notNull(),
    apiKeyId: text("api_key_id"),
    userId: text("user_id"),
    orgId: text("org_id"),
    userOrgRole: text("user_org_role"),
    projectId: text("project_id"),
    userProjectRole: text("user_project_role"),
    resourceType: text("resource_type").notNull(),
    resourceId: text("resource_id").notNull(),
    action: text().notNull(),
    /** The address and request that caused the action, if any. */
    requestId: text("request_id"),
    ipAddress: text("ip_address"),
    before: json(),
    after: json(),
  },
  (t) => [index("audit_logs_project_id_created_at_idx").on(t.projectId, t.createdAt, t.id)],
);
