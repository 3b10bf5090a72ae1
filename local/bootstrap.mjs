// Installs what bun.lock names, when node_modules does not hold it yet: in the project, and in the folders given as arguments.
// Plain Node without dependencies: it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bunVersion = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).devDependencies.bun;

for (const folder of [root, ...process.argv.slice(2).map((name) => join(root, name))]) {
  const stamp = join(folder, "node_modules", ".spillway-installed");
  const wanted = createHash("sha256")
    .update(readFileSync(join(folder, "bun.lock")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) continue;
  console.log("Installing packages (first run only)…");
  const result = spawnSync("npx", ["-y", `bun@${bunVersion}`, "install", "--frozen-lockfile"], {
    cwd: folder,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  if (result.status !== 0) process.exit(result.status ?? 1);
  writeFileSync(stamp, wanted);
}
