/** Signs in whom an OpenID provider has identified. */
import { and, eq } from "drizzle-orm";
import { AppError } from "../../core/errors.ts";
import type { Database } from "../../db/postgres/client.ts";
import { identities } from "../../db/postgres/schema/accounts.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { acceptInvitations } from "./accept-invitations.ts";
import { auditAccount } from "./audit-account.ts";
import { createSession } from "./create-session.ts";
import { findOrCreateUser } from "./find-or-create-user.ts";
import { findPerson } from "./find-person.ts";
import type { SignInDeps, Visitor } from "./sign-in-deps.ts";

/** `email`: null if the provider names none, or none that can be trusted. */
export type Identity = { issuer: string; subject: string; email: string | null; name: string | null };

/**
 * The first time, the address leads to the user or invitation; from then on issuer and subject do, whatever becomes of the address. Throws
 * EMAIL_NOT_VERIFIED and NOT_INVITED.
 */
export const signInByIdentity = (
  db: Database,
  deps: SignInDeps,
  { identity, formerToken }: { identity: Identity; formerToken: string | null },
  visitor: Visitor,
): Promise<{ sessionToken: string }> =>
  transaction(db, async (tx) => {
    const userId = (await findKnown(tx, identity)) ?? (await linkIdentity(tx, deps, identity, visitor));
    if (identity.email !== null) await acceptInvitations(tx, deps, { userId, email: identity.email.toLowerCase() }, visitor);
    const { token } = await createSession(tx, deps, { userId, method: "OIDC", formerToken }, visitor);
    return { sessionToken: token };
  });

const findKnown = async (tx: Database, { issuer, subject }: Identity): Promise<string | undefined> => {
  const [row] = await tx
    .select({ userId: identities.userId })
    .from(identities)
    .where(and(eq(identities.issuer, issuer), eq(identities.subject, subject)));
  return row?.userId;
};

const linkIdentity = async (
  tx: Database,
  deps: SignInDeps,
  { issuer, subject, email, name }: Identity,
  visitor: Visitor,
): Promise<string> => {
  if (email === null) throw new AppError({ code: "EMAIL_NOT_VERIFIED" });
  if ((await findPerson(tx, email)) === undefined) throw new AppError({ code: "NOT_INVITED" });
  const user = await findOrCreateUser(tx, deps, { email: email.toLowerCase(), name });
  await tx.insert(identities).values({ issuer, subject, userId: user.id }).onConflictDoNothing();
  await auditAccount(tx, user.id, visitor, { action: "create", resourceType: "identity", resourceId: subject, after: { issuer } });
  return user.id;
};
