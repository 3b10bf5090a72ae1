/**
 * ClickHouse cluster: what its tables are called, how statements that change rows reach every shard, and which settings make reads see
 * what was written.
 *
 * A sharded cluster keeps rows in `<table>_local` (Replicated engines) and is queried through `<table>` (Distributed). All rows of a project
 * are on one shard, so that joins, FINAL, LIMIT BY and windows of a project never cross shards, wherever a row's sort key moves.
 */

import type { ClickHouseCluster } from "../../core/clickhouse-cluster.ts";

/** Names come from the operator's configuration and cannot be bound. */
export const quoteName = (name: string): string => {
  if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name))
    throw new Error(`${JSON.stringify(name)} is not a name for a ClickHouse database or cluster.`);
  return `\`${name}\``;
};

export const localTable = (table: string): string => `${table}_local`;

/** Expression that chooses the shard of a row. Changing it would need every row moved. */
export const shardingKey = "cityHash64(project_id)";

const changing = /^(DELETE FROM|ALTER TABLE) (\S+)/;

/** A Distributed table can neither delete nor update: such statements go to the local tables of all shards. Others stay. */
export const toEveryShard = (sql: string, cluster: ClickHouseCluster | undefined): string =>
  cluster?.sharded === true
    ? sql.replace(changing, (_, verb: string, table: string) => `${verb} ${localTable(table)} ON CLUSTER ${quoteName(cluster.name)}`)
    : sql;

type Settings = Record<string, string>;

/** Only the project's shard is asked, and runs the query whole. Its subqueries stay on it. */
const shardSettings: Settings = { optimize_skip_unused_shards: "1", distributed_product_mode: "local" };

/** Settings of every read. Empty on a single server. */
export const clusterReadSettings = (cluster: ClickHouseCluster | undefined): Settings => (cluster?.sharded === true ? shardSettings : {});

/**
 * Settings of every insert and change. Rows are on their shard, on as many replicas as the quorum says, when the answer arrives. An insert
 * repeated with its token waits for the quorum of the first. Changes wait for all replicas; a dead one fails them, and they are repeated.
 */
export const clusterWriteSettings = (cluster: ClickHouseCluster | undefined): Settings =>
  cluster === undefined
    ? {}
    : {
        ...(cluster.sharded ? { ...shardSettings, distributed_foreground_insert: "1" } : {}),
        insert_quorum: cluster.insertQuorum,
        insert_quorum_parallel: "1",
        insert_quorum_timeout: "60000",
        distributed_ddl_output_mode: "throw",
      };
