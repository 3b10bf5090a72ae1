/** Makes a person who has proved an address a member wherever it is invited. */
import { sql } from "drizzle-orm";
import type { Role } from "../../core/auth/scopes.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { memberships } from "../../db/postgres/schema/tenants.ts";
import type { SignInDeps, Visitor } from "./sign-in-deps.ts";

type Accepted = { id: string; organizationId: string; role: Role };

/**
 * Deletes the open invitations of the address and inserts their memberships, with audit rows. A membership that exists keeps its role.
 * `email`: in lower case.
 */
export const acceptInvitations = async (
  tx: Database,
  deps: SignInDeps,
  { userId, email }: { userId: string; email: string },
  { requestId, ipAddress }: Visitor,
): Promise<void> => {
  const accepted = await execute<Accepted>(
    tx,
    sql`delete from invitations where email = ${email} and expires_at > now() returning id, org_id as "organizationId", role`,
  );
  for (const { id, organizationId, role } of accepted) {
    await tx
      .insert(memberships)
      .values({ id: deps.newId("membership"), organizationId, userId, role })
      .onConflictDoNothing({ target: [memberships.organizationId, memberships.userId] });
    await execute(
      tx,
      sql`insert into audit_logs (type, user_id, org_id, user_org_role, project_id, user_project_role, resource_type, resource_id, action, request_id, ip_address, after)
        select 'USER', ${userId}, p.org_id, ${role}, p.id, ${role}, 'invitation', ${id}, 'accept', ${requestId}, ${ipAddress}, ${JSON.stringify({ email, role })}::json
        from projects p where p.org_id = ${organizationId}`,
    );
  }
};
