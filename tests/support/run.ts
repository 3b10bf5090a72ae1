/**
 * Runs all tests and ends with one plain line: `N passed, N failed`. Arguments go to vitest.
 * The allocators of Bun and ClickHouse keep freed memory instead of giving it back: page faults cost a third of the time of a run
 * in a virtual machine (hostile-score-names: 116 s of CPU instead of 144). Data of tests is in memory where there is enough: six files with
 * many objects took 113 s instead of 155.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryDirectory } from "../../local/memory-directory.ts";
import { bunPath, repositoryRoot } from "../../local/service.ts";
import { spawnBound } from "../../local/spawn-bound.ts";

const inMemory = process.env["TMPDIR"] === undefined ? memoryDirectory() : undefined;
const dir = mkdtempSync(join(inMemory ?? tmpdir(), "spillway-report-"));
const report = join(dir, "report.json");
const keepsMemory = { MIMALLOC_PURGE_DELAY: "-1", MALLOC_CONF: "dirty_decay_ms:-1,muzzy_decay_ms:-1" };
const vitest = join(repositoryRoot, "node_modules", "vitest", "vitest.mjs");
// Ends with this process, however that ends: its data does not outlive it by much.
const run = spawnBound(
  bunPath,
  ["--bun", vitest, "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...process.argv.slice(2)],
  {
    cwd: repositoryRoot,
    env: { ...keepsMemory, ...process.env, ...(inMemory === undefined ? {} : { TMPDIR: inMemory }) },
    stdout: 1,
    stderr: 2,
  },
);
const exitCode = await new Promise<number | null>((resolve) => run.once("exit", resolve));
type Report = { numPassedTests: number; numFailedTests: number; numFailedTestSuites: number; numTotalTests: number };
let counts: Report = { numPassedTests: 0, numFailedTests: 0, numFailedTestSuites: 0, numTotalTests: 0 };
try {
  counts = JSON.parse(readFileSync(report, "utf8")) as Report;
} catch {
  console.error("vitest wrote no report");
}
rmSync(inMemory ?? dir, { recursive: true, force: true });
const status = exitCode === 0 && counts.numTotalTests > 0 ? 0 : 1;
const failed = counts.numFailedTests + (status !== 0 && counts.numFailedTests === 0 ? 1 : 0);
console.log(`${counts.numPassedTests} passed, ${failed} failed`);
process.exit(status);
