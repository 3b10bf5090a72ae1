/** `npm run check`: format, lint, types, generated files and import rules. Needs no services and takes seconds. */
import { spawnSync } from "node:child_process";
import { bunPath, repositoryRoot } from "./service.ts";

const checks: [string, string, string[]][] = [
  ["format and lint", "node_modules/.bin/biome", ["check", "--error-on-warnings", "."]],
  ["types", "node_modules/typescript7/bin/tsc", ["--noEmit"]],
  ["generated files", bunPath, ["openapi/generate.ts", "--check"]],
  [
    "import rules",
    bunPath,
    [
      "--bun",
      "node_modules/vitest/vitest.mjs",
      "run",
      "--config",
      "tests/support/no-services.config.ts",
      "tests/unit/architecture.test.ts",
    ],
  ],
];
let failed = 0;
for (const [name, command, args] of checks) {
  const result = spawnSync(command, args, { cwd: repositoryRoot, encoding: "utf8" });
  const isOk = result.status === 0;
  console.log(`${isOk ? "ok    " : "FAILED"} ${name}`);
  if (!isOk) {
    failed++;
    console.log(`${result.stdout}${result.stderr}`);
  }
}
process.exit(failed === 0 ? 0 : 1);
