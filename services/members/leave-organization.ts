/** A person leaves an organisation, whatever their role. Their sessions and keys have no rights in it from the commit on. */
import { and, eq } from "drizzle-orm";
import { AppError } from "../../core/errors.ts";
import type { Database } from "../../db/postgres/client.ts";
import { memberships } from "../../db/postgres/schema/tenants.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { auditAccount } from "../accounts/audit-account.ts";
import type { Visitor } from "../accounts/sign-in-deps.ts";
import { assertOtherOwner, lockOrganization } from "./member-rules.ts";

/** Throws NOT_FOUND for an organisation that the person does not belong to, and LAST_OWNER for its only owner. */
export const leaveOrganization = (
  db: Database,
  { userId, organizationId }: { userId: string; organizationId: string },
  visitor: Visitor,
): Promise<void> =>
  transaction(db, async (tx) => {
    await lockOrganization(tx, organizationId);
    const [member] = await tx
      .select({ id: memberships.id, role: memberships.role })
      .from(memberships)
      .where(and(eq(memberships.organizationId, organizationId), eq(memberships.userId, userId)));
    if (member === undefined) throw new AppError({ code: "NOT_FOUND" });
    if (member.role === "OWNER") await assertOtherOwner(tx, organizationId, member.id);
    // Before the membership goes: its projects are where the log is read.
    const entry = { resourceType: "membership", resourceId: member.id, action: "delete", before: member } as const;
    await auditAccount(tx, userId, visitor, { ...entry, organizationId });
    await tx.delete(memberships).where(eq(memberships.id, member.id));
  });
