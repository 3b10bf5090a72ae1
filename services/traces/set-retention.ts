/** Sets the retention of a project. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";

/** Sets the number of days after which a project's data is deleted; null keeps it. Returns false if there is no such project. */
export const setRetention = async (db: Database, projectId: string, days: number | null): Promise<boolean> => {
  const rows = await execute(
    db,
    sql`update projects set retention_days = ${days}::int, updated_at = now() where id = ${projectId} returning id`,
  );
  return rows.length > 0;
};
