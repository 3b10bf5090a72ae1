/** Lists the members of an organisation. */
import { and, asc, eq } from "drizzle-orm";
import type { Role } from "../../core/auth/scopes.ts";
import type { Database } from "../../db/postgres/client.ts";
import { memberships, users } from "../../db/postgres/schema/tenants.ts";

export type MemberRow = { id: string; userId: string; email: string; name: string | null; role: Role; createdAt: Date };

const membersMax = 1000;

const columns = {
  id: memberships.id,
  userId: memberships.userId,
  email: users.email,
  name: users.name,
  role: memberships.role,
  createdAt: memberships.createdAt,
};

/** By address, at most 1,000. */
export const listMembers = (db: Database, organizationId: string): Promise<MemberRow[]> =>
  db
    .select(columns)
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(eq(memberships.organizationId, organizationId))
    .orderBy(asc(users.email), asc(memberships.id))
    .limit(membersMax);

export const findMember = async (db: Database, organizationId: string, id: string): Promise<MemberRow | undefined> => {
  const [row] = await db
    .select(columns)
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(and(eq(memberships.organizationId, organizationId), eq(memberships.id, id)));
  return row;
};
