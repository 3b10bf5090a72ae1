/** Who may change whom in an organisation. The rules hold under the lock of the organisation, with the roles of that moment. */
import { and, eq, sql } from "drizzle-orm";
import type { Role } from "../../core/auth/scopes.ts";
import { AppError } from "../../core/errors.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { memberships } from "../../db/postgres/schema/tenants.ts";
import type { Actor } from "../audit/write-audit.ts";

/** Least time between two mails of an organisation to one address. */
export const mailSecondsMin = 60;

/** Changes of members and invitations of one organisation come one after the other. */
export const lockOrganization = (tx: Database, organizationId: string): Promise<unknown> =>
  execute(tx, sql`select id from organizations where id = ${organizationId} for no key update`);

/** Reads the role again, under the lock: it may have changed since the request began. Throws FORBIDDEN_SCOPE for one who no longer manages members. */
export const loadManagerRole = async (tx: Database, { organizationId, userId }: Actor): Promise<Role> => {
  const [row] = await tx
    .select({ role: memberships.role })
    .from(memberships)
    .where(and(eq(memberships.organizationId, organizationId), eq(memberships.userId, userId ?? "")));
  if (row === undefined || (row.role !== "OWNER" && row.role !== "ADMIN"))
    throw new AppError({ code: "FORBIDDEN_SCOPE", message: "This needs the scope members:CRUD." });
  return row.role;
};

/** Owners are made, changed and removed by owners. Throws ROLE_NOT_HELD. */
export const assertMayGive = (manager: Role, ...affected: readonly Role[]): void => {
  if (manager !== "OWNER" && affected.includes("OWNER")) throw new AppError({ code: "ROLE_NOT_HELD" });
};

/** Throws LAST_OWNER if the organisation has no owner besides this member. */
export const assertOtherOwner = async (tx: Database, organizationId: string, memberId: string): Promise<void> => {
  const others = await tx.$count(
    memberships,
    and(eq(memberships.organizationId, organizationId), eq(memberships.role, "OWNER"), sql`${memberships.id} <> ${memberId}`),
  );
  if (others === 0) throw new AppError({ code: "LAST_OWNER" });
};
