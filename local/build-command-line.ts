/**
 * `npm run build:cli`: bundles cli/user with its packages and the client into cli/user/dist, one file that Node and Bun run, from which
 * `npm pack` makes the package `spillway`. The licenses of what is inside go with it.
 */
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "./service.ts";

const source = join(repositoryRoot, "cli", "user");
const output = join(source, "dist");

/** Folder of the package in node_modules that a bundled file belongs to. */
const packageOf = (file: string): string | undefined => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];

const licenseOf = (folder: string): string => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, string>;
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  const text = file === undefined ? `License: ${license}` : readFileSync(join(folder, file), "utf8").trim();
  return `${name} ${version}\n\n${text}\n`;
};

export const buildCommandLine = async (): Promise<string> => {
  if (existsSync(output)) rmSync(output, { recursive: true });
  const built = await Bun.build({
    entrypoints: [join(source, "main.ts")],
    target: "node",
    format: "esm",
    minify: { whitespace: true, syntax: true },
    banner: "#!/usr/bin/env node",
    metafile: true,
  });
  const [bundle] = built.outputs;
  if (bundle === undefined || built.metafile === undefined) throw new Error("the bundler gave no file");
  const file = join(output, "spillway.js");
  await Bun.write(file, bundle);
  chmodSync(file, 0o755);
  const packages = [
    ...new Set(Object.keys(built.metafile.inputs).flatMap((input) => packageOf(join(repositoryRoot, input)) ?? [])),
  ].toSorted();
  writeFileSync(join(output, "licenses.txt"), packages.map(licenseOf).join(`\n${"-".repeat(80)}\n\n`));
  return file;
};

if (import.meta.main) console.log(await buildCommandLine());
