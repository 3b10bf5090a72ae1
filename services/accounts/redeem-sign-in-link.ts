/** Signs in whoever holds the token of a sign-in link. */
import { sql } from "drizzle-orm";
import { hashToken } from "../../core/auth/session.ts";
import { AppError } from "../../core/errors.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { acceptInvitations } from "./accept-invitations.ts";
import { createSession } from "./create-session.ts";
import { findOrCreateUser } from "./find-or-create-user.ts";
import type { SignInDeps, Visitor } from "./sign-in-deps.ts";

type Used = { userId: string | null; email: string; next: string; isConsoleLink: boolean };

/**
 * Uses the link up, in the transaction that makes the session: of two requests at once, one gets it. Ends other open links of the person.
 * Throws SIGN_IN_LINK_INVALID for a token that is unknown, used or expired, whichever it is.
 */
export const redeemSignInLink = (
  db: Database,
  deps: SignInDeps,
  { token, formerToken }: { token: string; formerToken: string | null },
  visitor: Visitor,
): Promise<{ sessionToken: string; next: string }> =>
  transaction(db, async (tx) => {
    const used = await useLink(tx, await hashToken(token));
    if (used === undefined) throw new AppError({ code: "SIGN_IN_LINK_INVALID" });
    const email = used.email.toLowerCase();
    const user = used.userId === null ? await findOrCreateUser(tx, deps, { email, name: null }) : { id: used.userId };
    await acceptInvitations(tx, deps, { userId: user.id, email }, visitor);
    await execute(
      tx,
      sql`delete from sign_in_links where used_at is null and (user_id = ${user.id} or (email = ${email} and user_id is null))`,
    );
    const method = used.isConsoleLink ? "CONSOLE_LINK" : "MAIL_LINK";
    const { token: sessionToken } = await createSession(tx, deps, { userId: user.id, method, formerToken }, visitor);
    return { sessionToken, next: used.next };
  });

/** Locks the row, so that a second request waits and then finds the link used. Uses sign_in_links_token_hash_unique. */
const useLink = async (tx: Database, tokenHash: string): Promise<Used | undefined> => {
  const [used] = await execute<Used>(
    tx,
    sql`with used as (
        update sign_in_links set used_at = now() where token_hash = ${tokenHash} and used_at is null and expires_at > now()
        returning user_id, invitation_id, next, email
      )
      select l.user_id as "userId", coalesce(u.email, i.email) as email, l.next, l.email = '' as "isConsoleLink"
      from used l left join users u on u.id = l.user_id left join invitations i on i.id = l.invitation_id and i.expires_at > now()
      where u.id is not null or i.id is not null`,
  );
  return used;
};
