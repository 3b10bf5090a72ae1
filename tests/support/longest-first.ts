/** Order of the test files: those that take longest begin first, so that none of them is alone at the end of a run. The rest follow by size. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Measured whole runs; a name that is missing costs time, nothing else. */
const longest: readonly string[] = [
  "stack",
  "tables",
  "hostile-score-names",
  "read-back-versions",
  "deletion",
  "crash",
  "trace-aggregates",
  "ingestion-aggregates",
  "table-rows",
  "settings",
  "cluster",
  "growth",
  "spans-model",
  "fuzz",
  "pages",
  "clickhouse-faults",
  "read-back-lists",
  "api",
  "large-requests",
  "observations-by-cursor",
  "clients",
  "webhooks",
  "ingestion-crash",
  "store-faults",
  "queue-turns",
  "reading-requests",
  "ingestion-faults",
  "models",
  "metrics",
  "load-and-merge",
  "moving-rows",
  "integrations-api",
  "live-exports",
  "integrations",
  "hostile-otlp",
  "filter-language",
  "docs-snippets",
  "preview",
  "command-line",
  "client",
  "limits",
  "trace-aggregates-writes",
  "traces-discrepancies",
  "ingestion-storm",
  "life-cycle",
  "public-key-scores",
  "export-fidelity",
  "trace-roots",
  "postgres-faults",
  "members",
  "real-runs",
  "integrations-storm",
];

const placeOf = ({ moduleId }: TestSpecification): number => {
  const place = longest.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
  return place === -1 ? longest.length : place;
};

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}
