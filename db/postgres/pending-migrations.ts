/** Postgres: migrations of this version that the database does not have. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "./client.ts";
import journal from "./migrations/meta/_journal.json" with { type: "json" };

/** Returns their names, in order. Migrations of a later version are none of them: this version runs beside it. Reads one small table. */
export const listPendingMigrations = async (db: Database): Promise<string[]> => {
  const [found] = await execute<{ exists: boolean }>(db, sql`select to_regclass('drizzle.__drizzle_migrations') is not null as exists`);
  const [last] =
    found?.exists === true
      ? await execute<{ createdAt: string }>(
          db,
          sql`select coalesce(max(created_at), 0)::text as "createdAt" from drizzle.__drizzle_migrations`,
        )
      : [];
  const appliedMs = Number(last?.createdAt ?? 0);
  return journal.entries.filter(({ when }) => when > appliedMs).map(({ tag }) => tag);
};
