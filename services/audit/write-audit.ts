/** Writes the audit row of a change, in its transaction. The database creates its id. */
import type { JobCause } from "../../core/jobs/job-cause.ts";
import type { Database } from "../../db/postgres/client.ts";
import { auditLogs } from "../../db/postgres/schema/audit.ts";

/** Who made a change, and from where. */
export type Actor = JobCause & {
  projectId: string;
  organizationId: string;
  userId: string | null;
  apiKeyId: string | null;
  role: string | null;
  ipAddress: string | null;
};

type AuditEntry = { resourceType: string; resourceId: string; action: string; before?: unknown; after?: unknown };

/** Records an action of a person who has signed in, or of a program with a key. */
export const writeAudit = (tx: Database, actor: Actor, entry: AuditEntry): Promise<void> =>
  insertAudit(
    tx,
    {
      type: actor.apiKeyId === null ? "USER" : "API_KEY",
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

/** Records an action of a runner on behalf of the user and key that requested it. */
export const writeRunnerAudit = (
  tx: Database,
  { organizationId, ...of }: Pick<Actor, "projectId" | "organizationId" | "userId" | "apiKeyId">,
  entry: AuditEntry,
): Promise<void> => insertAudit(tx, { type: "RUNNER", orgId: organizationId, ...of }, entry);

/** Records an action of a holder of the admin key, or of an operator, whose id it has. */
export const writeAdminAudit = (
  tx: Database,
  of: { orgId?: string; projectId?: string; requestId: string; userId: string | null },
  entry: AuditEntry,
): Promise<void> => insertAudit(tx, { type: "ADMIN", ...of }, entry);

type Author = Omit<typeof auditLogs.$inferInsert, keyof AuditEntry | "id">;

const insertAudit = async (tx: Database, author: Author, { before, after, ...entry }: AuditEntry): Promise<void> => {
  await tx.insert(auditLogs).values({ ...author, ...entry, before: before ?? null, after: after ?? null });
};
