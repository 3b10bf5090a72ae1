/** ClickHouse cluster: its environment variables, which the API, the runner and the command `migrate` share. */
import { z } from "zod";

export type ClickHouseCluster = {
  /** As in `remote_servers` of the servers. */
  name: string;
  /** Distributed tables over local ones, for several shards. */
  sharded: boolean;
  /** Replicas of a shard that must have an insert before it counts as written: a number, or `auto` for the majority. */
  insertQuorum: string;
};

export const clusterShape = {
  CLICKHOUSE_CLUSTER: z.string().trim().min(1).optional(),
  CLICKHOUSE_SHARDED: z
    .enum(["true", "false"])
    .default("false")
    .transform((value) => value === "true"),
  CLICKHOUSE_INSERT_QUORUM: z
    .string()
    .regex(/^(auto|[1-9][0-9]?)$/)
    .default("auto"),
};

type ClusterEnv = z.infer<z.ZodObject<typeof clusterShape>>;

/** Returns undefined for a single server. */
export const clusterOf = (e: ClusterEnv): ClickHouseCluster | undefined =>
  e.CLICKHOUSE_CLUSTER === undefined
    ? undefined
    : { name: e.CLICKHOUSE_CLUSTER, sharded: e.CLICKHOUSE_SHARDED, insertQuorum: e.CLICKHOUSE_INSERT_QUORUM };
