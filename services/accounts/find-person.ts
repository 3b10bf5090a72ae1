/** Finds whom an address can sign in: a user, or somebody with an open invitation. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";

/** `email`: as stored, which is where mail goes. `projectId`: one of their projects, whose queue carries the mail; null if they have none. */
export type Person = { userId: string | null; invitationId: string | null; email: string; name: string | null; projectId: string | null };

/**
 * Looks for the address in lower case; if two users differ only in case, the older one counts. Mail goes to the stored spelling and never to
 * the typed one: letters that lower-case alike are different mailboxes.
 */
export const findPerson = async (db: Database, email: string): Promise<Person | undefined> => {
  const lower = email.toLowerCase();
  const [user] = await execute<Person>(
    db,
    sql`select u.id as "userId", null as "invitationId", u.email, u.name,
        coalesce((select p.id from memberships m join projects p on p.org_id = m.org_id where m.user_id = u.id order by p.created_at, p.id limit 1),
          (select p.id from invitations i join projects p on p.org_id = i.org_id where i.email = ${lower} and i.expires_at > now() order by p.created_at, p.id limit 1)) as "projectId"
      from users u where lower(u.email) = ${lower} order by u.created_at, u.id limit 1`,
  );
  if (user !== undefined) return user;
  const [invited] = await execute<Person>(
    db,
    sql`select null as "userId", i.id as "invitationId", i.email, null as name,
        (select p.id from projects p where p.org_id = i.org_id order by p.created_at, p.id limit 1) as "projectId"
      from invitations i where i.email = ${lower} and i.expires_at > now() order by i.created_at, i.id limit 1`,
  );
  return invited;
};
