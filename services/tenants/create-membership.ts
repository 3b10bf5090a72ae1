/** Makes a user a member of an organisation. */
import { sql } from "drizzle-orm";
import type { Role } from "../../core/auth/scopes.ts";
import { memberships } from "../../db/postgres/schema/tenants.ts";
import { audited, type TenantDeps } from "./audited-insert.ts";

export const createMembership = (
  deps: TenantDeps,
  { organizationId, userId, role }: { organizationId: string; userId: string; role: Role },
) =>
  audited(deps, "membership", { orgId: organizationId }, (tx) =>
    tx
      .insert(memberships)
      .values({ id: deps.newId("membership"), organizationId, userId, role })
      .onConflictDoUpdate({ target: [memberships.organizationId, memberships.userId], set: { role, updatedAt: sql`now()` } })
      .returning(),
  );
