/** The audit row of a change, written in its transaction. */
import type { Database } from "../../db/postgres/client.ts";
import { auditLogs } from "../../db/postgres/schema.ts";

/** Who did it, from where: written with every change. */
export type Actor = {
  projectId: string;
  organizationId: string;
  userId: string | null;
  apiKeyId: string | null;
  role: string | null;
  requestId: string;
  ipAddress: string | null;
};

export const writeAudit = async (
  tx: Database,
  actor: Actor,
  entry: { id: string; resourceType: string; resourceId: string; action: string; before?: unknown; after?: unknown },
): Promise<void> => {
  await tx.insert(auditLogs).values({
    id: entry.id,
    type: actor.apiKeyId === null ? "ADMIN" : "API_KEY",
    apiKeyId: actor.apiKeyId,
    userId: actor.userId,
    orgId: actor.organizationId,
    userOrgRole: actor.role,
    userProjectRole: actor.role,
    projectId: actor.projectId,
    resourceType: entry.resourceType,
    resourceId: entry.resourceId,
    action: entry.action,
    requestId: actor.requestId,
    ipAddress: actor.ipAddress,
    before: entry.before ?? null,
    after: entry.after ?? null,
  });
};
