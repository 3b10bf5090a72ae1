/** The user of an address that somebody has proved, or a new one. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";
import { users } from "../../db/postgres/schema/tenants.ts";
import type { SignInDeps } from "./sign-in-deps.ts";

/** `email`: in lower case. Safe to run twice at once: the second insert finds the first. */
export const findOrCreateUser = async (
  tx: Database,
  { newId }: Pick<SignInDeps, "newId">,
  { email, name }: { email: string; name: string | null },
): Promise<{ id: string; email: string }> => {
  const known = await execute<{ id: string; email: string }>(
    tx,
    sql`select id, email from users where lower(email) = ${email} order by created_at, id limit 1`,
  );
  if (known[0] !== undefined) return known[0];
  const [user] = await tx
    .insert(users)
    .values({ id: newId("user"), email, name })
    .onConflictDoUpdate({ target: users.email, set: { updatedAt: sql`now()` } })
    .returning({ id: users.id, email: users.email });
  if (user === undefined) throw new Error("an insert or update returns a row");
  return user;
};
