/**
 * A Python client generated from the document compiles: the document serves other languages than ours. The generator is a Python package
 * (`pip install openapi-python-client`) that npm does not have; without it this is skipped.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { repositoryRoot } from "../../local/service.ts";

const run = (command: string, args: readonly string[]) => {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  return { isThere: error === undefined, status, output: `${stdout}${stderr}` };
};
const isInstalled = run("openapi-python-client", ["--version"]).isThere;
if (!isInstalled) console.warn("SKIPPED: the Python client, whose generator is not installed. Run: pip install openapi-python-client");

it.skipIf(!isInstalled)("a Python client generated from the document without a warning compiles", () => {
  const dir = mkdtempSync(join(tmpdir(), "spillway-python-"));
  const client = join(dir, "spillway_client");
  const document = join(repositoryRoot, "openapi/openapi.json");
  const generated = run("openapi-python-client", [
    "generate",
    "--path",
    document,
    "--output-path",
    client,
    "--meta",
    "none",
    "--fail-on-warning",
  ]);
  expect([generated.status, generated.output]).toEqual([0, expect.any(String)]);
  const compiled = run("python3", ["-m", "compileall", "-q", client]);
  expect([compiled.status, compiled.output]).toEqual([0, ""]);
  rmSync(dir, { recursive: true, force: true });
});
