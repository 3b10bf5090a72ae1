/** Loads the data for a mail about an integration or webhook endpoint. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";
import type { OwnedTable } from "./list-owners.ts";

type OwnerMail = { name: string; projectName: string; userName: string | null; email: string };

/** Returns undefined if the object or the user is gone, or the user has left the organisation. */
export const findOwnerMail = async (
  db: Database,
  table: OwnedTable,
  { objectId, userId }: { objectId: string; userId: string },
): Promise<OwnerMail | undefined> => {
  const [row] = await execute<OwnerMail>(
    db,
    sql`select o.name, p.name as "projectName", u.name as "userName", u.email
      from ${sql.identifier(table)} o join projects p on p.id = o.project_id
        join memberships m on m.org_id = p.org_id and m.user_id = ${userId} join users u on u.id = m.user_id
      where o.id = ${objectId}`,
  );
  return row;
};
