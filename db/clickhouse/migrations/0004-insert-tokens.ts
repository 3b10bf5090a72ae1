/**
 * ClickHouse migration: enables insert tokens, so that a repeated ingestion batch is not written twice. Replicated tables have this window
 * anyway.
 */
import type { ClickHouseMigration } from "./migration.ts";

const tables = ["events", "traces", "observations", "scores", "dataset_run_items_rmt"];

export const insertTokens: ClickHouseMigration = {
  name: "0004-insert-tokens",
  statements: ({ onCluster }) =>
    onCluster === "" ? tables.map((table) => `ALTER TABLE ${table} MODIFY SETTING non_replicated_deduplication_window = 1000`) : [],
};
