/** Audit logs of a project: stored in Postgres, written by ClickHouse like every other table. */

import { toSql } from "../sql.ts";
import { document, is, string, text, timestamp } from "./columns.ts";
import type { ExportTable } from "./table.ts";

const nullable = (column: string) => `ifNull(e.${column}, '')`;

export const auditLogs: ExportTable = {
  name: "audit_logs",
  description: "Who changed what and when. Needs auditLogs:read.",
  source: {
    kind: "postgres",
    structure:
      "id String, created_at DateTime64(6, 'UTC'), updated_at DateTime64(6, 'UTC'), type String, api_key_id Nullable(String), user_id Nullable(String), org_id Nullable(String), user_org_role Nullable(String), project_id String, user_project_role Nullable(String), resource_type String, resource_id String, action String, request_id Nullable(String), ip_address Nullable(String), before Nullable(String), after Nullable(String)",
  },
  columns: {
    id: string("e.id", "Id of the entry."),
    createdAt: timestamp("e.created_at", "When it happened.", false),
    updatedAt: timestamp("e.updated_at", "When the entry was last changed.", false),
    type: string("e.type", "USER, API_KEY, ADMIN or RUNNER."),
    apiKeyId: string("e.api_key_id", "Key that acted.", true),
    userId: string("e.user_id", "User that acted.", true),
    orgId: string("e.org_id", "Organisation.", true),
    userOrgRole: string("e.user_org_role", "Role of the user in the organisation then.", true),
    projectId: string("e.project_id", "Project."),
    userProjectRole: string("e.user_project_role", "Role of the user in the project then.", true),
    resourceType: string("e.resource_type", "Kind of thing that changed."),
    resourceId: string("e.resource_id", "Id of the thing that changed."),
    action: string("e.action", "What was done."),
    requestId: text("e.request_id", "Request it came with.", true),
    ipAddress: string("e.ip_address", "Address it came from.", true),
    before: document("e.before", "The thing before.", true),
    after: document("e.after", "The thing after.", true),
  },
  filters: {
    id: is("stringOptions", "e.id"),
    createdAt: is("datetime", "e.created_at"),
    type: is("stringOptions", "e.type"),
    apiKeyId: is("stringOptions", nullable("api_key_id")),
    userId: is("stringOptions", nullable("user_id")),
    resourceType: is("stringOptions", "e.resource_type"),
    resourceId: is("stringOptions", "e.resource_id"),
    action: is("stringOptions", "e.action"),
  },
  aliases: { timestamp: "createdAt", startTime: "createdAt" },
  searchIds: ["e.id", "e.resource_id", "e.resource_type", "e.action", nullable("user_id"), nullable("api_key_id")],
  searchContent: null,
  relations: {},
  commentObject: null,
  scoreLevels: null,
  requiredScope: "auditLogs:read",
  time: "e.created_at",
  timeColumn: "createdAt",
  id: "e.id",
  version: "e.updated_at",
  isDeleted: "0",
  place: "0",
  hash: "xxHash32(e.id)",
  rowBytes: toSql("0"),
};
