/** ClickHouse migration: index that finds, by its id, an observation counted in a trace that no event names any more. */
import type { ClickHouseMigration } from "./migration.ts";

export const ledgerIndex: ClickHouseMigration = {
  name: "0005-ledger-index",
  statements: ({ onCluster, stored }) => [
    `ALTER TABLE ${stored("traces_mt")} ${onCluster} ADD INDEX IF NOT EXISTS idx_observation_ids observation_ids TYPE bloom_filter(0.001) GRANULARITY 1`,
    `ALTER TABLE ${stored("traces_mt")} ${onCluster} MATERIALIZE INDEX idx_observation_ids`,
  ],
};
