/**
 * Records that an address asks for a sign-in link. Does the same for every address, known or not, so that neither the answer nor its time says
 * which ones are known; who is known is looked up afterwards (mail-sign-in-link.ts).
 */
import { sql } from "drizzle-orm";
import { signInLinkMinutes } from "../../core/auth/session.ts";
import { AppError } from "../../core/errors.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import type { SignInDeps, Visitor } from "./sign-in-deps.ts";

/** Links of one address in 15 minutes; more are left out in silence. */
const linksOfAddressMax = 5;
/** Requests of one IP address in 15 minutes. */
const linksOfVisitorMax = 30;

/** Returns the id of the link, or undefined if the address has asked often enough. Throws RATE_LIMITED. */
export const requestSignInLink = (
  db: Database,
  deps: Pick<SignInDeps, "newId">,
  { email, next }: { email: string; next: string },
  { ipAddress }: Pick<Visitor, "ipAddress">,
): Promise<string | undefined> =>
  transaction(db, async (tx) => {
    const lower = email.toLowerCase();
    await lockCounts(tx, lower, ipAddress);
    const { ofAddress, ofVisitor } = await countLinks(tx, lower, ipAddress);
    if (ofVisitor >= linksOfVisitorMax)
      throw new AppError({
        code: "RATE_LIMITED",
        message: "Too many sign-in links were asked for from this address.",
        retryAfterSeconds: signInLinkMinutes * 60,
      });
    if (ofAddress >= linksOfAddressMax) return undefined;
    const id = deps.newId("signInLink");
    await execute(
      tx,
      sql`insert into sign_in_links (id, email, next, ip_address, expires_at)
        values (${id}, ${lower}, ${next}, ${ipAddress}, now() + make_interval(mins => ${signInLinkMinutes}))`,
    );
    return id;
  });

/** Arbitrary constants; all Workers must use the same. */
const visitorLockClass = 727_004;
const addressLockClass = 727_005;

/** Requests that are counted together come one after the other, also those at the same time. All take the two locks in this order. */
const lockCounts = async (tx: Database, email: string, ipAddress: string | null): Promise<void> => {
  if (ipAddress !== null) await execute(tx, sql`select pg_advisory_xact_lock(${visitorLockClass}, hashtext(${ipAddress}))`);
  await execute(tx, sql`select pg_advisory_xact_lock(${addressLockClass}, hashtext(${email}))`);
};

/** A statement of its own: it sees what was committed before the locks were given. */
const countLinks = async (tx: Database, email: string, ipAddress: string | null): Promise<{ ofAddress: number; ofVisitor: number }> => {
  const since = sql`now() - make_interval(mins => ${signInLinkMinutes})`;
  const [asked] = await execute<{ ofAddress: number; ofVisitor: number }>(
    tx,
    sql`select (select count(*)::int from sign_in_links where email = ${email} and created_at > ${since}) as "ofAddress",
      (select count(*)::int from sign_in_links where ip_address = ${ipAddress} and created_at > ${since}) as "ofVisitor"`,
  );
  return asked ?? { ofAddress: 0, ofVisitor: 0 };
};
