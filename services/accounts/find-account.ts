/** The organisations and projects that a person can reach, with what their role allows there. */
import { sql } from "drizzle-orm";
import { effectiveScopes, type Role, type Scope, scopes } from "../../core/auth/scopes.ts";
import { type Database, execute } from "../../db/postgres/client.ts";

export type AccountOrganization = { id: string; name: string; role: Role; projects: { id: string; name: string; scopes: Scope[] }[] };

export const listOrganizations = async (db: Database, userId: string): Promise<AccountOrganization[]> => {
  const rows = await execute<{ id: string; name: string; role: Role; projectId: string | null; projectName: string | null }>(
    db,
    sql`select o.id, o.name, m.role, p.id as "projectId", p.name as "projectName"
      from memberships m join organizations o on o.id = m.org_id left join projects p on p.org_id = o.id
      where m.user_id = ${userId} order by o.name, o.id, p.name, p.id`,
  );
  const found = new Map<string, AccountOrganization>();
  for (const { id, name, role, projectId, projectName } of rows) {
    const organization = found.get(id) ?? { id, name, role, projects: [] };
    if (projectId !== null && projectName !== null)
      organization.projects.push({ id: projectId, name: projectName, scopes: effectiveScopes(scopes, role) });
    found.set(id, organization);
  }
  return [...found.values()];
};
