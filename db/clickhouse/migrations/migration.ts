/** One migration of ClickHouse: its statements, for a single server or a cluster. */

export type MigrationContext = {
  /** `ON CLUSTER …`, or nothing on a single server. */
  onCluster: string;
  /** An engine with its arguments, replicated on a cluster. */
  engine: (name: "ReplacingMergeTree" | "AggregatingMergeTree" | "MergeTree", args: string) => string;
};

export type ClickHouseMigration = { name: string; statements: (context: MigrationContext) => string[] };
