/** Applies the Postgres migrations in db/postgres/migrations that are not recorded yet. Two runs at once wait for each other. */
import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";

/** Any constant will do; all runs must use the same. */
const lockKey = 727_001;

export const migratePostgres = async (databaseUrl: string): Promise<void> => {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    await sql`select pg_advisory_lock(${lockKey})`;
    await migrate(drizzle(sql), { migrationsFolder: fileURLToPath(new URL("./migrations", import.meta.url)) });
  } finally {
    await sql.end({ timeout: 5 });
  }
};
