/** Creates the session of a person who has proved who they are. */
import { eq, sql } from "drizzle-orm";
import { createToken, hashToken, type SessionMethod, sessionDaysMax } from "../../core/auth/session.ts";
import type { Database } from "../../db/postgres/client.ts";
import { sessions } from "../../db/postgres/schema/accounts.ts";
import { auditAccount } from "./audit-account.ts";
import type { SignInDeps, Visitor } from "./sign-in-deps.ts";

/** `formerToken`: of the session that the browser had before, which ends: signing in always makes a new token. */
type NewSession = { userId: string; method: SessionMethod; formerToken: string | null };

/** Returns the token, of which the database has only the hash. */
export const createSession = async (
  tx: Database,
  deps: SignInDeps,
  { userId, method, formerToken }: NewSession,
  visitor: Visitor,
): Promise<{ id: string; token: string }> => {
  if (formerToken !== null) await tx.delete(sessions).where(eq(sessions.tokenHash, await hashToken(formerToken)));
  const [id, token] = [deps.newId("session"), createToken(deps.randomBytes)];
  await tx.insert(sessions).values({
    id,
    userId,
    tokenHash: await hashToken(token),
    method,
    expiresAt: sql`now() + make_interval(days => ${sessionDaysMax})`,
    ipAddress: visitor.ipAddress,
    userAgent: visitor.userAgent,
  });
  await auditAccount(tx, userId, visitor, { action: "create", resourceType: "session", resourceId: id, after: { method } });
  return { id, token };
};
