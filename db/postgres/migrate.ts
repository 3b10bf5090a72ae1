/**
 * Postgres: applies the migrations in db/postgres/migrations not recorded yet, and writes the default models and the consumers of the
 * outbox. Concurrent runs wait for each other.
 */
import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import { outboxConsumers } from "../../core/outbox/consumers.ts";
import { registerConsumers } from "../outbox/register-consumers.ts";
import { asDatabase } from "./client.ts";
import { seedModels } from "./seed-models.ts";

/** An arbitrary constant; all runs must use the same. */
const lockKey = 727_001;

export const migratePostgres = async (databaseUrl: string): Promise<void> => {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    await sql`select pg_advisory_lock(${lockKey})`;
    const db = drizzle(sql);
    await migrate(db, { migrationsFolder: fileURLToPath(new URL("./migrations", import.meta.url)) });
    await seedModels(asDatabase(db));
    await registerConsumers(asDatabase(db), outboxConsumers);
  } finally {
    await sql.end({ timeout: 5 });
  }
};
