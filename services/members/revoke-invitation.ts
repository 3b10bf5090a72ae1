/** Revokes an invitation: its links end with it. */
import { eq } from "drizzle-orm";
import { AppError } from "../../core/errors.ts";
import type { Database } from "../../db/postgres/client.ts";
import { invitations } from "../../db/postgres/schema/accounts.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { findInvitation } from "./invitation-row.ts";
import { assertMayGive, loadManagerRole, lockOrganization } from "./member-rules.ts";

/** Throws NOT_FOUND, ROLE_NOT_HELD and FORBIDDEN_SCOPE. */
export const revokeInvitation = (db: Database, actor: Actor, id: string): Promise<void> =>
  transaction(db, async (tx) => {
    await lockOrganization(tx, actor.organizationId);
    const manager = await loadManagerRole(tx, actor);
    const before = await findInvitation(tx, actor.organizationId, id);
    if (before === undefined) throw new AppError({ code: "NOT_FOUND" });
    assertMayGive(manager, before.role);
    await tx.delete(invitations).where(eq(invitations.id, id));
    await writeAudit(tx, actor, { resourceType: "invitation", resourceId: id, action: "delete", before });
  });
