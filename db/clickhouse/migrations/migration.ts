/** One ClickHouse migration: its statements, for a single server, a cluster of one shard, or a sharded cluster. */

export type MigrationContext = {
  /** `ON CLUSTER …`, or empty on a single server. */
  onCluster: string;
  /** Returns an engine with its arguments, replicated on a cluster. */
  engine: (name: "ReplacingMergeTree" | "AggregatingMergeTree" | "MergeTree", args: string) => string;
  /** Returns the name of the table that holds the rows: on a sharded cluster not the one that is queried. */
  stored: (table: string) => string;
  /**
   * Returns the statements that create the tables which are queried, where they are not the stored ones. They follow every change of a
   * column. A later migration that adds a column to a stored table adds it to the queried one too.
   */
  distribute: (tables: readonly string[]) => string[];
};

export type ClickHouseMigration = { name: string; statements: (context: MigrationContext) => string[] };
