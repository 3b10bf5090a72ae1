/** Audit rows of what a person does to their account, which belongs to no single project. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";
import type { Visitor } from "./sign-in-deps.ts";

type AccountEntry = { action: string; resourceType: "session" | "identity"; resourceId: string; after?: unknown };

/** Writes one row for each project that the person can reach, so that each project's audit log shows it. */
export const auditAccount = (tx: Database, userId: string, { requestId, ipAddress }: Visitor, entry: AccountEntry): Promise<unknown> =>
  execute(
    tx,
    sql`insert into audit_logs (type, user_id, org_id, user_org_role, project_id, user_project_role, resource_type, resource_id, action, request_id, ip_address, after)
      select 'USER', m.user_id, m.org_id, m.role, p.id, m.role, ${entry.resourceType}, ${entry.resourceId}, ${entry.action}, ${requestId}, ${ipAddress},
        ${entry.after === undefined ? null : JSON.stringify(entry.after)}::json
      from memberships m join projects p on p.org_id = m.org_id where m.user_id = ${userId}`,
  );
