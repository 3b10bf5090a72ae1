/** Changes the role of a member. It counts from the commit on, for their sessions and keys alike. */
import { eq, sql } from "drizzle-orm";
import type { Role } from "../../core/auth/scopes.ts";
import { AppError } from "../../core/errors.ts";
import type { Database } from "../../db/postgres/client.ts";
import { memberships } from "../../db/postgres/schema/tenants.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { findMember, type MemberRow } from "./list-members.ts";
import { assertMayGive, assertOtherOwner, loadManagerRole, lockOrganization } from "./member-rules.ts";

/** Throws NOT_FOUND, ROLE_NOT_HELD, LAST_OWNER and FORBIDDEN_SCOPE. */
export const changeRole = (db: Database, actor: Actor, { id, role }: { id: string; role: Role }): Promise<MemberRow> =>
  transaction(db, async (tx) => {
    await lockOrganization(tx, actor.organizationId);
    const manager = await loadManagerRole(tx, actor);
    const before = await findMember(tx, actor.organizationId, id);
    if (before === undefined) throw new AppError({ code: "NOT_FOUND" });
    if (before.role === role) return before;
    assertMayGive(manager, before.role, role);
    if (before.role === "OWNER") await assertOtherOwner(tx, actor.organizationId, id);
    await tx.update(memberships).set({ role, updatedAt: sql`now()` }).where(eq(memberships.id, id));
    const after = { ...before, role };
    await writeAudit(tx, actor, { resourceType: "membership", resourceId: id, action: "update", before, after });
    return after;
  });
