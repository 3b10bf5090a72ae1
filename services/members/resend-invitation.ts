/** Sends an invitation again, with a new link and a new term. */
import { eq, sql } from "drizzle-orm";
import { invitationDays } from "../../core/auth/session.ts";
import { AppError } from "../../core/errors.ts";
import type { Database } from "../../db/postgres/client.ts";
import { invitations } from "../../db/postgres/schema/accounts.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { findInvitation, type InvitationRow, invitationColumns } from "./invitation-row.ts";
import { type InvitationDeps, mailInvitation } from "./mail-invitation.ts";
import { assertMayGive, loadManagerRole, lockOrganization, mailSecondsMin } from "./member-rules.ts";

/** The link of the mail before ends. Throws NOT_FOUND, ROLE_NOT_HELD, RATE_LIMITED and FORBIDDEN_SCOPE. `nowMs`: only measures the last mail. */
export const resendInvitation = (
  db: Database,
  deps: InvitationDeps & { nowMs: () => number },
  actor: Actor,
  id: string,
): Promise<InvitationRow> =>
  transaction(db, async (tx) => {
    await lockOrganization(tx, actor.organizationId);
    const manager = await loadManagerRole(tx, actor);
    const before = await findInvitation(tx, actor.organizationId, id);
    if (before === undefined) throw new AppError({ code: "NOT_FOUND" });
    assertMayGive(manager, before.role);
    const waitedSeconds = Math.floor((deps.nowMs() - before.sentAt.getTime()) / 1000);
    if (waitedSeconds < mailSecondsMin)
      throw new AppError({
        code: "RATE_LIMITED",
        message: "The invitation was sent less than a minute ago.",
        retryAfterSeconds: mailSecondsMin - Math.max(0, waitedSeconds),
      });
    const [row] = await tx
      .update(invitations)
      .set({ sentAt: sql`now()`, expiresAt: sql`now() + make_interval(days => ${invitationDays})` })
      .where(eq(invitations.id, id))
      .returning(invitationColumns);
    if (row === undefined) throw new Error(`the invitation ${id} is locked and gone`);
    await mailInvitation(tx, deps, actor, id);
    await writeAudit(tx, actor, { resourceType: "invitation", resourceId: id, action: "resend", before, after: row });
    return row;
  });
