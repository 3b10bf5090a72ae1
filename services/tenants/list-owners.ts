/** The people who are told what becomes of an integration or webhook endpoint. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";

/** Tables of objects that have owners: each has `project_id`, `name` and `created_by`. */
export type OwnedTable = "integrations" | "webhook_endpoints";

/** The user who created the object, else the owners and administrators of its organisation. Empty if the object is gone. */
export const listOwners = async (tx: Database, table: OwnedTable, objectId: string): Promise<string[]> => {
  const members = await execute<{ userId: string; isCreator: boolean }>(
    tx,
    sql`select m.user_id as "userId", coalesce(m.user_id = o.created_by, false) as "isCreator"
      from ${sql.identifier(table)} o join projects p on p.id = o.project_id join memberships m on m.org_id = p.org_id
      where o.id = ${objectId} and (m.user_id = o.created_by or m.role in ('OWNER', 'ADMIN')) order by m.user_id`,
  );
  const creator = members.filter(({ isCreator }) => isCreator);
  return (creator.length > 0 ? creator : members).map(({ userId }) => userId);
};
