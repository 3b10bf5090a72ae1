/**
 * ClickHouse migration: bloom filters on ids that pass a hundredth of the granules that the first ones pass. A statement that looks for
 * hundreds of ids, as each batch of ingestion does, otherwise reads most of a large project (docs/benchmarks.md). The first ones stay:
 * together they pass less, and an earlier version of the service knows nothing of these. 20 bits for each distinct id of a granule.
 */
import type { ClickHouseMigration } from "./migration.ts";

const ids = {
  traces: ["id"],
  observations: ["id", "trace_id"],
  scores: ["id", "trace_id"],
  events: ["span_id", "trace_id"],
} as const;

/** The engine has no filter that is more exact than this one turns out: about one granule in ten thousand passes for an id it lacks. */
const falsePositives = 0.00001;

export const exactIds: ClickHouseMigration = {
  name: "0007-exact-ids",
  statements: ({ onCluster, stored }) =>
    Object.entries(ids).flatMap(([table, columns]) =>
      columns.flatMap((column) => [
        `ALTER TABLE ${stored(table)} ${onCluster} ADD INDEX IF NOT EXISTS idx_exact_${column} ${column} TYPE bloom_filter(${falsePositives}) GRANULARITY 1`,
        `ALTER TABLE ${stored(table)} ${onCluster} MATERIALIZE INDEX idx_exact_${column}`,
      ]),
    ),
};
