/**
 * Postgres: applies the migrations in db/postgres/migrations not recorded yet, all in one transaction, then writes the default models and
 * the consumers of the outbox.
 */
import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import { outboxConsumers } from "../../core/outbox/consumers.ts";
import { registerConsumers } from "../outbox/register-consumers.ts";
import { asDatabase } from "./client.ts";
import { withMigrationLock } from "./migration-lock.ts";
import { listPendingMigrations } from "./pending-migrations.ts";
import { parsePooledUrl } from "./pooled-url.ts";
import { seedModels } from "./seed-models.ts";

/**
 * Longest wait for a lock on a table. A statement that waits for one holds up every query behind it, so it gives way to a long transaction
 * of the running version and is tried again.
 */
const lockWaitMs = 2000;
const attemptsMax = 30;

const ownFolder = fileURLToPath(new URL("./migrations", import.meta.url));

/** Migrates Postgres alone; returns the names of the migrations that it applied. Concurrent runs wait for each other. */
export const migratePostgres = (databaseUrl: string): Promise<string[]> =>
  withMigrationLock(databaseUrl, () => applyPostgresMigrations(databaseUrl));

/** `migratePostgres` for a caller that holds the lock of db/postgres/migration-lock.ts. */
export const applyPostgresMigrations = async (databaseUrl: string, folder = ownFolder): Promise<string[]> => {
  const sql = postgres(parsePooledUrl(databaseUrl).url, { max: 1, onnotice: () => {}, connection: { lock_timeout: lockWaitMs } });
  const db = drizzle(sql);
  try {
    const pending = await listPendingMigrations(asDatabase(db));
    for (let attempts = 1; ; attempts++) {
      try {
        await migrate(db, { migrationsFolder: folder });
        break;
      } catch (error) {
        if (attempts >= attemptsMax || !isLockWaitOver(error)) throw error;
      }
    }
    await seedModels(asDatabase(db));
    await registerConsumers(asDatabase(db), outboxConsumers);
    return pending;
  } finally {
    await sql.end({ timeout: 5 });
  }
};

/** SQLSTATE 55P03, in the error or in what caused it. */
const isLockWaitOver = (error: unknown): boolean =>
  error instanceof Error && (("code" in error && error.code === "55P03") || isLockWaitOver(error.cause));
