/**
 * Runs all tests and ends with one plain line: `N passed, N failed`. Arguments go to vitest.
 * The allocators of Bun and ClickHouse keep freed memory instead of giving it back: page faults cost a third of the time of a run
 * in a virtual machine (hostile-score-names: 116 s of CPU instead of 144). Data of tests is in memory where there is enough: six files with
 * many objects took 113 s instead of 155.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { memoryDirectory } from "../../local/memory-directory.ts";
import { bunPath, repositoryRoot } from "../../local/service.ts";
import { spawnBound } from "../../local/spawn-bound.ts";
import { isLong } from "./property-runs.ts";
import { costlyFiles, costlyFilesWithin } from "./run-plan.ts";

const inMemory = process.env["TMPDIR"] === undefined ? memoryDirectory() : undefined;
const dir = mkdtempSync(join(inMemory ?? tmpdir(), "spillway-report-"));
const keepsMemory = { MIMALLOC_PURGE_DELAY: "-1", MALLOC_CONF: "dirty_decay_ms:-1,muzzy_decay_ms:-1" };
const vitest = join(repositoryRoot, "node_modules", "vitest", "vitest.mjs");
type Report = {
  numPassedTests: number;
  numFailedTests: number;
  numTotalTests: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
};

let [passed, failed, passes] = [0, 0, 0];
/** Told at the end: of a long log, the end is what people and CI look at first. */
const failures: string[] = [];
let isRed = false;
/** The head of a failure, without the frames of vitest itself. */
const excerpt = (text: string): string => {
  const lines = text.split("\n").filter((line) => !/node_modules|at (native|Promise)/u.test(line));
  return lines
    .slice(0, 12)
    .map((line) => `    ${line.slice(0, 300)}`)
    .join("\n");
};

const runTests = async (args: readonly string[]): Promise<void> => {
  const report = join(dir, `report-${++passes}.json`);
  // Ends with this process, however that ends: its data does not outlive it by much.
  const run = spawnBound(
    bunPath,
    ["--bun", vitest, "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...args],
    {
      cwd: repositoryRoot,
      env: { ...keepsMemory, ...process.env, ...(inMemory === undefined ? {} : { TMPDIR: inMemory }) },
      stdout: 1,
      stderr: 2,
    },
  );
  const exitCode = await new Promise<number | null>((resolve) => run.once("exit", resolve));
  let counts: Report = { numPassedTests: 0, numFailedTests: 0, numTotalTests: 0, testResults: [] };
  try {
    counts = JSON.parse(readFileSync(report, "utf8")) as Report;
  } catch {
    console.error("vitest wrote no report");
  }
  passed += counts.numPassedTests;
  failed += counts.numFailedTests;
  for (const { name, status, message, assertionResults } of counts.testResults) {
    const file = relative(repositoryRoot, name);
    const red = assertionResults.filter((test) => test.status === "failed");
    for (const test of red) failures.push(`${file} > ${test.fullName}\n${excerpt(test.failureMessages.join("\n"))}`);
    if (status === "failed" && red.length === 0)
      failures.push(`${file}, in a hook or when it was loaded; the log above has it\n${excerpt(message)}`);
  }
  if (exitCode !== 0 || counts.numTotalTests === 0) isRed = true;
};

const asked = process.argv.slice(2);
if (asked.length > 0 || isLong) await runTests(asked);
else {
  const startedMs = performance.now();
  await runTests(costlyFiles.flatMap(([file]) => ["--exclude", file]));
  const { chosen, left } = costlyFilesWithin(performance.now() - startedMs, Math.floor(Date.now() / 86_400_000));
  if (chosen.length > 0) await runTests(chosen);
  if (left.length > 0)
    console.log(
      `SKIPPED: this machine is too slow for all files in half an hour. Left out today, to be run by name or by npm run test:long:\n  ${left.join("\n  ")}`,
    );
}
if (failures.length > 0) console.log(`FAILED:\n  ${failures.slice(0, 50).join("\n  ")}`);
rmSync(inMemory ?? dir, { recursive: true, force: true });
if (isRed && failed === 0) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
process.exit(isRed ? 1 : 0);
