/** Order of the test files: those that take longest begin first, so that none of them is alone at the end of a run. The rest follow by size. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Measured whole runs; a name that is missing costs time, nothing else. */
const longest: readonly string[] = [
  "crash",
  "stack",
  "pages",
  "live-exports",
  "integrations-storm",
  "deletion",
  "hostile-score-names",
  "export-windows",
  "load-and-merge",
  "large-requests",
  "ingestion-aggregates",
  "filter-language",
  "hostile-ingestion",
  "public-key-scores",
  "trace-aggregates",
  "store-faults",
  "read-back-versions",
  "ingestion-crash",
  "ingestion-storm",
  "real-runs",
  "models",
  "roll-up-usage",
  "clients",
  "api",
  "observations-by-cursor",
  "opentelemetry",
  "trace-aggregates-writes",
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
