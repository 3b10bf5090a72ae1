/** `npm run build:client`: compiles the client's package to openapi/client/dist, ready for `npm pack`. */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "./service.ts";

rmSync(join(repositoryRoot, "openapi/client/dist"), { recursive: true, force: true });
const { status } = spawnSync("node_modules/typescript7/bin/tsc", ["-p", "openapi/client"], { cwd: repositoryRoot, stdio: "inherit" });
process.exit(status ?? 1);
