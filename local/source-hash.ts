/**
 * One hash of all files of some folders and of single files, named from the repository's root: says whether what was built of them is fresh. A
 * file that is missing counts as empty.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { repositoryRoot } from "./service.ts";

export const sourceHash = ({ folders, files }: { folders: readonly string[]; files: readonly string[] }): string => {
  const inFolders = folders.flatMap((folder) =>
    readdirSync(join(repositoryRoot, folder), { recursive: true, encoding: "utf8", withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(repositoryRoot, join(entry.parentPath, entry.name))),
  );
  const hash = createHash("sha256");
  for (const file of [...inFolders, ...files].toSorted())
    hash
      .update(file)
      .update("\0")
      .update(existsSync(join(repositoryRoot, file)) ? readFileSync(join(repositoryRoot, file)) : "")
      .update("\0");
  return hash.digest("hex");
};
