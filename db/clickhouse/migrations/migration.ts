/** One ClickHouse migration: its statements, for a single server or a cluster. */

export type MigrationContext = {
  /** `ON CLUSTER …`, or empty on a single server. */
  onCluster: string;
  /** Returns an engine with its arguments, replicated on a cluster. */
  engine: (name: "ReplacingMergeTree" | "AggregatingMergeTree" | "MergeTree", args: string) => string;
};

export type ClickHouseMigration = { name: string; statements: (context: MigrationContext) => string[] };
