/** Runtimes that packages are tested under: those of this machine, and those that `node local/bootstrap.mjs tests/packages` installs. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { bunPath, repositoryRoot } from "../../local/service.ts";

const installed = (name: string): string | undefined => {
  const path = join(repositoryRoot, "tests/packages/node_modules", name);
  if (existsSync(path)) return path;
  console.warn(`SKIPPED: ${name}, which is not installed. Run: npm run test:packages`);
  return undefined;
};
const platform = `${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;

/** Name, program and arguments before the script. A program that is not there is undefined. */
export type Runtime = [string, string | undefined, string[]];

export const nodesAndBun: Runtime[] = [
  ["the Node of this machine", "node", []],
  ["Bun", bunPath, []],
  ["Node 24", installed(`node-${platform}/bin/node`), []],
];
export const runtimes: Runtime[] = [
  ...nodesAndBun,
  [
    "Deno",
    installed(`@deno/${platform}${process.platform === "linux" ? "-glibc" : ""}/deno`),
    ["run", "--quiet", "--allow-all", "--node-modules-dir=manual"],
  ],
];
