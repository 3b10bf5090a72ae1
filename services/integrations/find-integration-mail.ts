/** Loads the data for a mail about an integration. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";

type IntegrationMail = { name: string; projectName: string; userName: string | null; email: string };

/** Returns undefined if the integration or the user is gone, or the user has left the organisation. */
export const findIntegrationMail = async (
  db: Database,
  { integrationId, userId }: { integrationId: string; userId: string },
): Promise<IntegrationMail | undefined> => {
  const [row] = await execute<IntegrationMail>(
    db,
    sql`select i.name, p.name as "projectName", u.name as "userName", u.email
      from integrations i join projects p on p.id = i.project_id
        join memberships m on m.org_id = p.org_id and m.user_id = ${userId} join users u on u.id = m.user_id
      where i.id = ${integrationId}`,
  );
  return row;
};
