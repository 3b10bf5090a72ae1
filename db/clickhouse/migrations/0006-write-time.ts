/**
 * ClickHouse migration: reading by write time. An index on the version column lets a window skip what was written at other times, and
 * `deleted_rows` keeps the ids of rows that were deleted, which a window delivers as deletions.
 */
import type { ClickHouseMigration } from "./migration.ts";

const versioned = ["events", "traces", "observations", "scores", "dataset_run_items_rmt"];

export const writeTime: ClickHouseMigration = {
  name: "0006-write-time",
  statements: ({ onCluster, engine, stored, distribute }) => [
    ...versioned.flatMap((table) => [
      `ALTER TABLE ${stored(table)} ${onCluster} ADD INDEX IF NOT EXISTS idx_event_ts event_ts TYPE minmax GRANULARITY 1`,
      `ALTER TABLE ${stored(table)} ${onCluster} MATERIALIZE INDEX idx_event_ts`,
    ]),
    `CREATE TABLE IF NOT EXISTS ${stored("deleted_rows")} ${onCluster} (
      project_id String,
      deleted_at DateTime64(6, 'UTC'),
      table_name LowCardinality(String),
      id String
    ) ENGINE = ${engine("ReplacingMergeTree", "")}
    PARTITION BY toYYYYMM(deleted_at)
    ORDER BY (project_id, deleted_at, table_name, id)`,
    ...distribute(["deleted_rows"]),
  ],
};
