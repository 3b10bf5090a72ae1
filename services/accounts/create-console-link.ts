/** Makes a sign-in link without a mail, for whoever can reach the database, such as the local stack. */
import { sql } from "drizzle-orm";
import { createToken, hashToken, signInLinkMinutes } from "../../core/auth/session.ts";
import { AppError } from "../../core/errors.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import type { SignInDeps } from "./sign-in-deps.ts";

/** Returns the path of the link, which works once and for 15 minutes. Such links are no requests of an address, whose number is limited. Throws NOT_FOUND. */
export const createConsoleLink = async (
  db: Database,
  deps: SignInDeps,
  { email, next = "/" }: { email: string; next?: string },
): Promise<string> => {
  const token = createToken(deps.randomBytes);
  const rows = await execute(
    db,
    sql`insert into sign_in_links (id, email, user_id, token_hash, next, expires_at)
      select ${deps.newId("signInLink")}, '', u.id, ${await hashToken(token)}, ${next}, now() + make_interval(mins => ${signInLinkMinutes})
      from users u where lower(u.email) = ${email.toLowerCase()} order by u.created_at, u.id limit 1 returning id`,
  );
  if (rows.length === 0) throw new AppError({ code: "NOT_FOUND", message: "No user has this address." });
  return signInPath(token);
};

/** Path of the console's page that redeems a token. Opening it redeems nothing: the page sends the token by POST. */
export const signInPath = (token: string): string => `/sign-in/verify?token=${token}`;
