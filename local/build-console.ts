/** `npm run console:build`: builds the console and the files of the API page to console/dist, if a source has changed since. Takes about two seconds. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";
import { docsFiles } from "../api/routes/system/docs-page.ts";
import { consoleDist, consoleSources } from "./console-dist.ts";
import { repositoryRoot } from "./service.ts";
import { sourceHash } from "./source-hash.ts";

/** Hash of the sources of what is in console/dist. */
const stamp = join(repositoryRoot, "node_modules", ".cache", "console-sources.txt");

/** Called in a process of its own: Vite reads NODE_ENV. Builds beside the present files and then takes their place, so that no reader finds half of them. */
const buildConsole = async (): Promise<void> => {
  const sources = sourceHash(consoleSources);
  if (existsSync(join(consoleDist, "index.html")) && existsSync(stamp) && readFileSync(stamp, "utf8") === sources) return;
  const fresh = join(repositoryRoot, "node_modules", ".cache", `console-${process.pid}`);
  await build({ root: join(repositoryRoot, "console"), logLevel: "warn", build: { outDir: fresh, emptyOutDir: true } });
  mkdirSync(join(fresh, "docs-page"));
  for (const name of Object.keys(docsFiles))
    copyFileSync(join(repositoryRoot, "node_modules", "swagger-ui-dist", name), join(fresh, "docs-page", name));
  rmSync(consoleDist, { recursive: true, force: true });
  renameSync(fresh, consoleDist);
  writeFileSync(stamp, sources);
};

if (import.meta.main) {
  // Tests set another one, which would give the development build of React.
  process.env.NODE_ENV = "production";
  await buildConsole();
}
