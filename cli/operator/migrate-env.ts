/** Variables that the command `migrate` reads. */
import { z } from "zod";
import { RunnerEnv } from "../../runner/env-schema.ts";

const { DATABASE_URL, CLICKHOUSE_URL, CLICKHOUSE_USER, CLICKHOUSE_PASSWORD, CLICKHOUSE_DB, CLICKHOUSE_CLUSTER, CLICKHOUSE_SHARDED } =
  RunnerEnv.shape;

export const MigrateEnv = z.object({
  DATABASE_URL,
  /** Replaces DATABASE_URL for migrations: without a pooler, or as a role that may create tables. Langfuse has the same variable. */
  DIRECT_URL: z.string().trim().min(1).optional(),
  CLICKHOUSE_URL,
  CLICKHOUSE_USER,
  CLICKHOUSE_PASSWORD,
  CLICKHOUSE_DB,
  /** Creates tables ON CLUSTER with Replicated engines. */
  CLICKHOUSE_CLUSTER,
  /** Distributed tables over local ones, for several shards. */
  CLICKHOUSE_SHARDED,
});
export type MigrateEnv = z.infer<typeof MigrateEnv>;
