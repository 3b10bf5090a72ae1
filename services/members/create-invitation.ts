/** Invites an address into the organisation of a project. */
import { and, eq, sql } from "drizzle-orm";
import type { Role } from "../../core/auth/scopes.ts";
import { invitationDays } from "../../core/auth/session.ts";
import { AppError } from "../../core/errors.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { invitations } from "../../db/postgres/schema/accounts.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { type InvitationRow, invitationColumns } from "./invitation-row.ts";
import { type InvitationDeps, mailInvitation } from "./mail-invitation.ts";
import { assertMayGive, loadManagerRole, lockOrganization, mailSecondsMin } from "./member-rules.ts";

/** Of an organisation. Each sends mail to an address that did not ask for it. */
const invitationsMax = 100;

/**
 * An invitation that has expired gives way to the new one. Throws ROLE_NOT_HELD, ALREADY_MEMBER, ALREADY_INVITED, TOO_MANY_INVITATIONS,
 * RATE_LIMITED and FORBIDDEN_SCOPE.
 */
export const createInvitation = (
  db: Database,
  deps: InvitationDeps,
  actor: Actor,
  invited: { email: string; role: Role },
): Promise<InvitationRow> =>
  transaction(db, async (tx) => {
    const { organizationId } = actor;
    const email = invited.email.toLowerCase();
    await lockOrganization(tx, organizationId);
    assertMayGive(await loadManagerRole(tx, actor), invited.role);
    await assertNew(tx, organizationId, email);
    await assertNotMailed(tx, organizationId, email);
    const [row] = await tx
      .insert(invitations)
      .values({
        id: deps.newId("invitation"),
        organizationId,
        email,
        role: invited.role,
        invitedBy: actor.userId,
        expiresAt: sql`now() + make_interval(days => ${invitationDays})`,
      })
      .returning(invitationColumns);
    if (row === undefined) throw new Error("an insert without a condition inserts a row");
    await mailInvitation(tx, deps, actor, row.id);
    await writeAudit(tx, actor, { resourceType: "invitation", resourceId: row.id, action: "create", after: row });
    return row;
  });

const assertNew = async (tx: Database, organizationId: string, email: string): Promise<void> => {
  const members = await execute(
    tx,
    sql`select m.id from memberships m join users u on u.id = m.user_id where m.org_id = ${organizationId} and lower(u.email) = ${email}`,
  );
  if (members.length > 0) throw new AppError({ code: "ALREADY_MEMBER", fields: [{ path: "email", message: "is a member already" }] });
  const ofOrganization = eq(invitations.organizationId, organizationId);
  await tx.delete(invitations).where(and(ofOrganization, eq(invitations.email, email), sql`${invitations.expiresAt} <= now()`));
  if ((await tx.$count(invitations, and(ofOrganization, eq(invitations.email, email)))) > 0)
    throw new AppError({ code: "ALREADY_INVITED", fields: [{ path: "email", message: "is invited already" }] });
  if ((await tx.$count(invitations, ofOrganization)) >= invitationsMax)
    throw new AppError({
      code: "TOO_MANY_INVITATIONS",
      message: `The organisation has ${invitationsMax} invitations, which is the limit.`,
    });
};

/** An invitation that was revoked leaves no row but that of the audit log. Uses audit_logs_project_id_created_at_idx. */
const assertNotMailed = async (tx: Database, organizationId: string, email: string): Promise<void> => {
  const mailed = await execute(
    tx,
    sql`select a.id from audit_logs a where a.project_id in (select id from projects where org_id = ${organizationId})
      and a.created_at > now() - make_interval(secs => ${mailSecondsMin}) and a.resource_type = 'invitation'
      and a.action in ('create', 'resend') and a.after ->> 'email' = ${email} limit 1`,
  );
  if (mailed.length > 0)
    throw new AppError({
      code: "RATE_LIMITED",
      message: "This address was sent an invitation less than a minute ago.",
      retryAfterSeconds: mailSecondsMin,
    });
};
