/** Removes a member. Their sessions and keys have no rights in the organisation from the commit on. */
import { eq } from "drizzle-orm";
import { AppError } from "../../core/errors.ts";
import type { Database } from "../../db/postgres/client.ts";
import { memberships } from "../../db/postgres/schema/tenants.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { findMember } from "./list-members.ts";
import { assertMayGive, assertOtherOwner, loadManagerRole, lockOrganization } from "./member-rules.ts";

/** Throws NOT_FOUND, ROLE_NOT_HELD, LAST_OWNER and FORBIDDEN_SCOPE. */
export const removeMember = (db: Database, actor: Actor, id: string): Promise<void> =>
  transaction(db, async (tx) => {
    await lockOrganization(tx, actor.organizationId);
    const manager = await loadManagerRole(tx, actor);
    const before = await findMember(tx, actor.organizationId, id);
    if (before === undefined) throw new AppError({ code: "NOT_FOUND" });
    assertMayGive(manager, before.role);
    if (before.role === "OWNER") await assertOtherOwner(tx, actor.organizationId, id);
    await tx.delete(memberships).where(eq(memberships.id, id));
    await writeAudit(tx, actor, { resourceType: "membership", resourceId: id, action: "delete", before });
  });
