/**
 * Records that an address asks for a sign-in link. Does the same for every address, known or not, so that neither the answer nor its time says
 * which ones are known; who is known is looked up afterwards (mail-sign-in-link.ts).
 */
import { sql } from "drizzle-orm";
import { signInLinkMinutes } from "../../core/auth/session.ts";
import { AppError } from "../../core/errors.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import type { SignInDeps, Visitor } from "./sign-in-deps.ts";

/** Links of one address in 15 minutes; more are left out in silence. */
const linksOfAddressMax = 5;
/** Requests of one IP address in 15 minutes. */
const linksOfVisitorMax = 30;

/** Returns the id of the link, or undefined if the address has asked often enough. Throws RATE_LIMITED. */
export const requestSignInLink = async (
  db: Database,
  deps: Pick<SignInDeps, "newId">,
  { email, next }: { email: string; next: string },
  { ipAddress }: Pick<Visitor, "ipAddress">,
): Promise<string | undefined> => {
  const lower = email.toLowerCase();
  const since = sql`now() - make_interval(mins => ${signInLinkMinutes})`;
  const [asked] = await execute<{ ofAddress: number; ofVisitor: number }>(
    db,
    sql`select (select count(*)::int from sign_in_links where email = ${lower} and created_at > ${since}) as "ofAddress",
      (select count(*)::int from sign_in_links where ip_address = ${ipAddress} and created_at > ${since}) as "ofVisitor"`,
  );
  const { ofAddress = 0, ofVisitor = 0 } = asked ?? {};
  if (ofVisitor >= linksOfVisitorMax)
    throw new AppError({
      code: "RATE_LIMITED",
      message: "Too many sign-in links were asked for from this address.",
      retryAfterSeconds: signInLinkMinutes * 60,
    });
  if (ofAddress >= linksOfAddressMax) return undefined;
  const id = deps.newId("signInLink");
  await execute(
    db,
    sql`insert into sign_in_links (id, email, next, ip_address, expires_at)
      values (${id}, ${lower}, ${next}, ${ipAddress}, now() + make_interval(mins => ${signInLinkMinutes}))`,
  );
  return id;
};
