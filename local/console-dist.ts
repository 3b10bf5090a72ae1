/** Where the built console is, and what it is made of. Apart from what builds it, which loads Vite. */
import { join } from "node:path";
import { repositoryRoot } from "./service.ts";

export const consoleDist = join(repositoryRoot, "console", "dist");

/** The sources of the console and of the files of the API page. */
export const consoleSources = {
  folders: ["console/public", "console/src"],
  files: ["console/index.html", "console/vite.config.ts", "console/tsconfig.json", "bun.lock"],
};
