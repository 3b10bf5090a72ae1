/** The project of a key, with the fields its holder may see. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";

type ProjectRecord = { id: string; name: string; retentionDays: number | null; organizationId: string; organizationName: string };

export const findProject = async (db: Database, projectId: string): Promise<ProjectRecord | undefined> => {
  const [row] = await execute<ProjectRecord>(
    db,
    sql`select p.id, p.name, p.retention_days as "retentionDays", o.id as "organizationId", o.name as "organizationName"
      from projects p join organizations o on o.id = p.org_id where p.id = ${projectId}`,
  );
  return row;
};
