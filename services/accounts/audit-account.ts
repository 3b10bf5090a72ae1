/** Audit rows of what a person does to their account, which belongs to no single project. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";
import type { Visitor } from "./sign-in-deps.ts";

type AccountEntry = {
  action: string;
  resourceType: "session" | "identity" | "membership";
  resourceId: string;
  before?: unknown;
  after?: unknown;
  /** Only the projects of this organisation are concerned. */
  organizationId?: string;
};

/** Writes one row for each project that the person can reach, so that each project's audit log shows it. */
export const auditAccount = (tx: Database, userId: string, { requestId, ipAddress }: Visitor, entry: AccountEntry): Promise<unknown> =>
  execute(
    tx,
    sql`insert into audit_logs (type, user_id, org_id, user_org_role, project_id, user_project_role, resource_type, resource_id, action, request_id, ip_address, before, after)
      select 'USER', m.user_id, m.org_id, m.role, p.id, m.role, ${entry.resourceType}, ${entry.resourceId}, ${entry.action}, ${requestId}, ${ipAddress},
        ${jsonOf(entry.before)}::json, ${jsonOf(entry.after)}::json
      from memberships m join projects p on p.org_id = m.org_id
      where m.user_id = ${userId}${entry.organizationId === undefined ? sql`` : sql` and m.org_id = ${entry.organizationId}`}`,
  );

const jsonOf = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));
