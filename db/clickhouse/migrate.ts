/**
 * ClickHouse: applies the migrations not recorded yet. Every statement is idempotent, so concurrent runs do no harm. Refuses an applied
 * migration whose text has changed.
 */

import { createClient } from "@clickhouse/client-web";
import { sha256Hex } from "../../core/sha256-hex.ts";
import type { ClickHouse } from "./client.ts";
import { clickHouseMigrations } from "./migrations/index.ts";
import type { ClickHouseMigration, MigrationContext } from "./migrations/migration.ts";

export type MigrateClickHouseConfig = { url: string; user: string; password: string; database: string; cluster?: string | null };

const contextFor = (cluster: string | null | undefined): MigrationContext =>
  cluster === null || cluster === undefined || cluster === ""
    ? { onCluster: "", engine: (name, args) => `${name}(${args})` }
    : {
        onCluster: `ON CLUSTER ${quoteName(cluster)}`,
        engine: (name, args) =>
          `Replicated${name}('/clickhouse/tables/{shard}/{database}/{table}', '{replica}'${args === "" ? "" : `, ${args}`})`,
      };

/** Names come from the operator's configuration and cannot be bound. */
const quoteName = (name: string): string => {
  if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name))
    throw new Error(`${JSON.stringify(name)} is not a name for a ClickHouse database or cluster.`);
  return `\`${name}\``;
};

/** Brings the database up to date and returns the names of the applied migrations. */
export const migrateClickHouse = async (
  config: MigrateClickHouseConfig,
  migrations: readonly ClickHouseMigration[] = clickHouseMigrations,
): Promise<string[]> => {
  const context = contextFor(config.cluster);
  const open = (database?: string) =>
    createClient({
      url: config.url,
      username: config.user,
      password: config.password,
      ...(database === undefined ? {} : { database }),
      log: { level: 127 },
    });
  const server = open();
  await server.command({ query: `CREATE DATABASE IF NOT EXISTS ${quoteName(config.database)} ${context.onCluster}` });
  await server.close();

  const client = open(config.database);
  try {
    await client.command({
      query: `CREATE TABLE IF NOT EXISTS schema_migrations ${context.onCluster} (name String, checksum String, applied_at DateTime64(3) DEFAULT now64(3))
        ENGINE = ${context.engine("ReplacingMergeTree", "applied_at")} ORDER BY name`,
    });
    const result = await client.query({ query: "SELECT name, checksum FROM schema_migrations FINAL", format: "JSONEachRow" });
    const applied = new Map((await result.json<{ name: string; checksum: string }>()).map((row) => [row.name, row.checksum]));
    const done: string[] = [];
    for (const migration of migrations) {
      const statements = migration.statements(context);
      // The checksum covers the single-server text: the same migration reads differently on a cluster.
      const checksum = await sha256Hex(migration.statements(contextFor(null)).join(";\n"));
      const known = applied.get(migration.name);
      if (known === checksum) continue;
      if (known !== undefined) throw new Error(`The ClickHouse migration ${migration.name} was changed after it was applied.`);
      for (const query of statements) await client.command({ query });
      await client.insert({ table: "schema_migrations", values: [{ name: migration.name, checksum }], format: "JSONEachRow" });
      done.push(migration.name);
    }
    return done;
  } finally {
    await client.close();
  }
};

/** Returns the names of migrations of this version that the database does not have. Reads only; works without the right to create. */
export const listPendingClickHouseMigrations = async (clickhouse: Pick<ClickHouse, "queryRows">, database: string): Promise<string[]> => {
  const [table] = await clickhouse.queryRows<{ name: string }>({
    sql: "SELECT name FROM system.tables WHERE database = {database:String} AND name = 'schema_migrations'",
    params: { database },
  });
  const rows =
    table === undefined
      ? []
      : await clickhouse.queryRows<{ name: string }>({
          sql: "SELECT name FROM {database:Identifier}.schema_migrations FINAL",
          params: { database },
        });
  const applied = new Set(rows.map(({ name }) => name));
  return clickHouseMigrations.map(({ name }) => name).filter((name) => !applied.has(name));
};
