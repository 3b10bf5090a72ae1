/**
 * ClickHouse: applies the migrations not recorded yet. Every statement is idempotent, so concurrent runs do no harm. Refuses an applied
 * migration whose text has changed.
 */

import { createClient } from "@clickhouse/client-web";
import { sha256Hex } from "../../core/sha256-hex.ts";
import type { ClickHouse } from "./client.ts";
import { localTable, quoteName, shardingKey } from "./cluster.ts";
import { clickHouseMigrations } from "./migrations/index.ts";
import type { ClickHouseMigration, MigrationContext } from "./migrations/migration.ts";

export type MigrateClickHouseConfig = {
  url: string;
  user: string;
  password: string;
  database: string;
  cluster?: string | null;
  sharded?: boolean;
};

type Cluster = { name: string; sharded: boolean } | null;

const contextFor = (cluster: Cluster, database: string): MigrationContext => {
  const single = { stored: (table: string) => table, distribute: () => [] };
  if (cluster === null) return { onCluster: "", engine: (name, args) => `${name}(${args})`, ...single };
  const onCluster = `ON CLUSTER ${quoteName(cluster.name)}`;
  return {
    onCluster,
    engine: (name, args) =>
      `Replicated${name}('/clickhouse/tables/{shard}/{database}/{table}', '{replica}'${args === "" ? "" : `, ${args}`})`,
    ...(cluster.sharded
      ? {
          stored: localTable,
          distribute: (tables: readonly string[]) =>
            tables.map(
              (table) =>
                `CREATE TABLE IF NOT EXISTS ${table} ${onCluster} AS ${localTable(table)}
                  ENGINE = Distributed(${quoteName(cluster.name)}, ${quoteName(database)}, ${localTable(table)}, ${shardingKey})`,
            ),
        }
      : single),
  };
};

/** On a sharded cluster, the record of migrations is one table on all servers, whatever their shard. */
const recordEngine = (cluster: Cluster, context: MigrationContext): string =>
  cluster?.sharded === true
    ? "ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{table}', '{shard}-{replica}', applied_at)"
    : context.engine("ReplacingMergeTree", "applied_at");

/**
 * Refuses a cluster of several shards without Distributed tables: each shard would hold part of the rows and answer as if it held all.
 * A cluster that is sharded by configuration and has one shard is fine: shards may be added, as long as no project has to move.
 */
const assertShards = async (client: ReturnType<typeof createClient>, { name, sharded }: { name: string; sharded: boolean }) => {
  const result = await client.query({
    query: "SELECT toUInt32(uniqExact(shard_num)) AS shards FROM system.clusters WHERE cluster = {name:String}",
    query_params: { name },
    format: "JSONEachRow",
  });
  const [row] = await result.json<{ shards: number }>();
  if (!row?.shards) throw new Error(`The ClickHouse server knows no cluster ${JSON.stringify(name)}. Correct CLICKHOUSE_CLUSTER.`);
  if (row.shards > 1 && !sharded)
    throw new Error(`The ClickHouse cluster ${JSON.stringify(name)} has ${row.shards} shards. Set CLICKHOUSE_SHARDED=true.`);
};

/** Brings the database up to date and returns the names of the applied migrations. */
export const migrateClickHouse = async (
  config: MigrateClickHouseConfig,
  migrations: readonly ClickHouseMigration[] = clickHouseMigrations,
): Promise<string[]> => {
  const cluster = config.cluster ? { name: config.cluster, sharded: config.sharded ?? false } : null;
  const context = contextFor(cluster, config.database);
  const open = (database?: string) =>
    createClient({
      url: config.url,
      username: config.user,
      password: config.password,
      ...(database === undefined ? {} : { database }),
      log: { level: 127 },
    });
  const server = open();
  if (cluster !== null) await assertShards(server, cluster);
  await server.command({ query: `CREATE DATABASE IF NOT EXISTS ${quoteName(config.database)} ${context.onCluster}` });
  await server.close();

  const client = open(config.database);
  try {
    await client.command({
      query: `CREATE TABLE IF NOT EXISTS schema_migrations ${context.onCluster} (name String, checksum String, applied_at DateTime64(3) DEFAULT now64(3))
        ENGINE = ${recordEngine(cluster, context)} ORDER BY name`,
    });
    const result = await client.query({ query: "SELECT name, checksum FROM schema_migrations FINAL", format: "JSONEachRow" });
    const applied = new Map((await result.json<{ name: string; checksum: string }>()).map((row) => [row.name, row.checksum]));
    const done: string[] = [];
    for (const migration of migrations) {
      const statements = migration.statements(context);
      // The checksum covers the single-server text: the same migration reads differently on a cluster.
      const checksum = await sha256Hex(migration.statements(contextFor(null, config.database)).join(";\n"));
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
