/** The audit row of a change, written in its transaction. The database makes its id. */
import type { Database } from "../../db/postgres/client.ts";
import { auditLogs } from "../../db/postgres/schema/audit.ts";

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

type AuditEntry = { resourceType: string; resourceId: string; action: string; before?: unknown; after?: unknown };

/** What a person or a program did with a key. */
export const writeAudit = (tx: Database, actor: Actor, entry: AuditEntry): Promise<void> =>
  insertAudit(
    tx,
    {
      type: actor.apiKeyId === null ? "ADMIN" : "API_KEY",
      apiKeyId: actor.apiKeyId,
      userId: actor.userId,
      orgId: actor.organizationId,
      userOrgRole: actor.role,
      userProjectRole: actor.role,
      projectId: actor.projectId,
      requestId: actor.requestId,
      ipAddress: actor.ipAddress,
    },
    entry,
  );

/** What a runner did for the user and the key that asked for it. */
export const writeRunnerAudit = (
  tx: Database,
  { organizationId, ...of }: Pick<Actor, "projectId" | "organizationId" | "userId" | "apiKeyId">,
  entry: AuditEntry,
): Promise<void> => insertAudit(tx, { type: "RUNNER", orgId: organizationId, ...of }, entry);

/** What the holder of the admin key did. */
export const writeAdminAudit = (
  tx: Database,
  of: { orgId?: string; projectId?: string; requestId: string },
  entry: AuditEntry,
): Promise<void> => insertAudit(tx, { type: "ADMIN", ...of }, entry);

type Author = Omit<typeof auditLogs.$inferInsert, keyof AuditEntry | "id">;

const insertAudit = async (tx: Database, author: Author, { before, after, ...entry }: AuditEntry): Promise<void> => {
  await tx.insert(auditLogs).values({ ...author, ...entry, before: before ?? null, after: after ?? null });
};
