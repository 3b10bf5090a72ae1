/** Invitations of an organisation, as they are shown. */
import { and, desc, eq } from "drizzle-orm";
import type { Role } from "../../core/auth/scopes.ts";
import type { Database } from "../../db/postgres/client.ts";
import { invitations } from "../../db/postgres/schema/accounts.ts";

export type InvitationRow = {
  id: string;
  email: string;
  role: Role;
  invitedBy: string | null;
  createdAt: Date;
  sentAt: Date;
  expiresAt: Date;
};

export const invitationColumns = {
  id: invitations.id,
  email: invitations.email,
  role: invitations.role,
  invitedBy: invitations.invitedBy,
  createdAt: invitations.createdAt,
  sentAt: invitations.sentAt,
  expiresAt: invitations.expiresAt,
};

/** Newest first. Their number is bounded where they are created. */
export const listInvitations = (db: Database, organizationId: string): Promise<InvitationRow[]> =>
  db
    .select(invitationColumns)
    .from(invitations)
    .where(eq(invitations.organizationId, organizationId))
    .orderBy(desc(invitations.createdAt), desc(invitations.id));

export const findInvitation = async (db: Database, organizationId: string, id: string): Promise<InvitationRow | undefined> => {
  const [row] = await db
    .select(invitationColumns)
    .from(invitations)
    .where(and(eq(invitations.organizationId, organizationId), eq(invitations.id, id)));
  return row;
};
