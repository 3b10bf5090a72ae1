/**
 * A whole run must end in half an hour, and machines differ by three times in speed. Costly files run last, and those for which a slow machine
 * has no time are left out, in turn from day to day. `npm run test:long` leaves none out.
 */

/**
 * What each takes, as a share of the time of all other files together; measured whole runs. Storms and crashes of ingestion and exports are
 * not among them: no machine is too slow for those.
 */
export const costlyFiles: readonly (readonly [file: string, share: number])[] = [
  ["tests/integration/integrations-storm.test.ts", 0.06],
  ["tests/e2e/fuzz.test.ts", 0.03],
  ["tests/integration/table-rows.test.ts", 0.066],
  ["tests/e2e/stack.test.ts", 0.034],
  ["tests/integration/cluster.test.ts", 0.023],
  ["tests/integration/hostile-score-names.test.ts", 0.031],
  ["tests/integration/growth.test.ts", 0.03],
  ["tests/integration/load-and-merge.test.ts", 0.018],
  ["tests/integration/preview.test.ts", 0.02],
  ["tests/integration/trace-aggregates.test.ts", 0.029],
  ["tests/integration/trace-aggregates-writes.test.ts", 0.03],
  ["tests/integration/ingestion-aggregates.test.ts", 0.047],
  ["tests/console/tables.test.ts", 0.05],
  ["tests/conformance/tables.test.ts", 0.03],
  ["tests/e2e/large-requests.test.ts", 0.033],
  ["tests/integration/store-faults.test.ts", 0.024],
  ["tests/integration/filter-language.test.ts", 0.019],
  ["tests/integration/traces-discrepancies.test.ts", 0.018],
];

/** Time for all files, in milliseconds; the checks and the documentation site take some minutes more. */
export const runMsMax = 23 * 60_000;

/**
 * Chooses the costly files that fit when all others have taken `othersMs`, beginning with another one each day. Several run at once, which the
 * shares account for.
 */
export const costlyFilesWithin = (othersMs: number, day: number): { chosen: string[]; left: string[] } => {
  const first = day % costlyFiles.length;
  const [chosen, left]: [string[], string[]] = [[], []];
  let ms = othersMs;
  for (const [file, share] of [...costlyFiles.slice(first), ...costlyFiles.slice(0, first)]) {
    const fits = ms + share * othersMs <= runMsMax;
    (fits ? chosen : left).push(file);
    if (fits) ms += share * othersMs;
  }
  return { chosen, left };
};
