/** Migrates both engines, for the command and for the local stack. Safe to repeat, from several places at once, beside older versions. */
import { type MigrateClickHouseConfig, migrateClickHouse } from "./clickhouse/migrate.ts";
import { applyPostgresMigrations } from "./postgres/migrate.ts";
import { withMigrationLock } from "./postgres/migration-lock.ts";

export type EnginesToMigrate = { databaseUrl: string; clickhouse: MigrateClickHouseConfig };

/** Returns what was applied, by name. One lock in Postgres covers both: a second run waits, and finds nothing to do. */
export const migrateEngines = ({ databaseUrl, clickhouse }: EnginesToMigrate): Promise<{ postgres: string[]; clickhouse: string[] }> =>
  withMigrationLock(databaseUrl, async () => {
    const [ofPostgres, ofClickHouse] = await Promise.all([applyPostgresMigrations(databaseUrl), migrateClickHouse(clickhouse)]);
    return { postgres: ofPostgres, clickhouse: ofClickHouse };
  });
