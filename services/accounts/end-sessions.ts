/** Ends sessions of a person: from the commit on, their cookies are worth nothing. */
import { and, eq } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { sessions } from "../../db/postgres/schema/accounts.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { auditAccount } from "./audit-account.ts";
import type { Visitor } from "./sign-in-deps.ts";

/** `id`: one session of the person; null ends all of them. Returns how many have ended. */
export const endSessions = (db: Database, { userId, id }: { userId: string; id: string | null }, visitor: Visitor): Promise<number> =>
  transaction(db, async (tx) => {
    const ended = await tx
      .delete(sessions)
      .where(and(eq(sessions.userId, userId), id === null ? undefined : eq(sessions.id, id)))
      .returning({ id: sessions.id });
    for (const session of ended)
      await auditAccount(tx, userId, visitor, { action: "delete", resourceType: "session", resourceId: session.id });
    return ended.length;
  });
