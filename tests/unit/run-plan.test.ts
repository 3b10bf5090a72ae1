import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { repositoryRoot } from "../../local/service.ts";
import { costlyFiles, costlyFilesWithin, runMsMax } from "../support/run-plan.ts";

const names = costlyFiles.map(([file]) => file);
const shares = new Map(costlyFiles);
const minute = 60_000;

it("every costly file is there", () => {
  expect(names.filter((file) => !existsSync(join(repositoryRoot, file)))).toEqual([]);
});

it("a machine that is fast enough runs all of them, any day", () => {
  for (let day = 0; day < 30; day++) expect(costlyFilesWithin(13 * minute, day)).toEqual({ chosen: expect.any(Array), left: [] });
});

it("a slow machine runs what fits, each of them on some day, and says which are left", () => {
  const run = new Set<string>();
  for (let day = 0; day < names.length; day++) {
    const othersMs = 21 * minute;
    const { chosen, left } = costlyFilesWithin(othersMs, day);
    expect([...chosen, ...left].toSorted()).toEqual(names.toSorted());
    expect(left.length).toBeGreaterThan(0);
    expect(othersMs + chosen.reduce((sum, file) => sum + (shares.get(file) ?? 0) * othersMs, 0)).toBeLessThanOrEqual(runMsMax);
    for (const file of chosen) run.add(file);
  }
  expect(run.size).toBe(names.length);
});

it("a machine without any time left runs none", () => {
  expect(costlyFilesWithin(runMsMax + 1, 3).chosen).toEqual([]);
});
