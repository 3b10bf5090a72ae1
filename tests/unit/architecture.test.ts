import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Which of our folders may import which others, and which packages `core` may use. */
const allowed: Record<string, readonly string[]> = {
  core: [],
  db: ["core"],
  api: ["core", "db"],
  runner: ["core", "db"],
  openapi: ["api", "core"],
  local: ["core", "db", "api", "runner", "openapi"],
};
const corePackages = new Set(["zod"]);
/**
 * One file each: OTLP is protobuf, and only the reader and writer of its wire format are taken, which need neither code made nor eval. Patterns are matched by a port of RE2, which is
 * pure and has no imports; the Worker only reads patterns and does not hold it.
 */
const corePackagesOf: Record<string, string> = {
  "core/otel/protobuf-fields.ts": "@bufbuild/protobuf/wire",
  "core/otel/encode-response.ts": "@bufbuild/protobuf/wire",
  "core/models/compile-pattern.ts": "re2js",
};

const filesOf = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(root, folder, file));

const importsOf = (file: string): string[] =>
  [...readFileSync(file, "utf8").matchAll(/(?:^|\n)\s*(?:import|export)\s[^"';]*?from\s+"([^"]+)"|import\("([^"]+)"\)/g)].map(
    (match) => match[1] ?? match[2] ?? "",
  );

describe.each(Object.entries(allowed))("%s", (folder, others) => {
  it("imports only the folders it may", () => {
    const wrong = filesOf(folder).flatMap((file) =>
      importsOf(file)
        .filter((target) => target.startsWith("."))
        .map((target) => relative(root, resolve(file, "..", target)).split(sep)[0] ?? "")
        .filter((target) => target !== folder && !others.includes(target) && !target.endsWith(".ts"))
        .map((target) => `${relative(root, file)} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe("core", () => {
  it("uses no package but zod and reads no clock, chance, environment or network", () => {
    const packages = filesOf("core").flatMap((file) =>
      importsOf(file).filter(
        (target) => !target.startsWith(".") && !corePackages.has(target) && corePackagesOf[relative(root, file)] !== target,
      ),
    );
    expect(packages).toEqual([]);
    const impure = filesOf("core").filter((file) =>
      /\bDate\.now\(|\bMath\.random\(|\bfetch\(|\bprocess\.|\bBun\.|setTimeout\(/.test(readFileSync(file, "utf8")),
    );
    expect(impure).toEqual([]);
  });
});

describe("runner stages", () => {
  const stages = ["claim", "query", "transform", "upload", "notify"];
  it("do not import one another", () => {
    const wrong = stages.flatMap((stage) => {
      let files: string[];
      try {
        files = filesOf(join("runner", stage));
      } catch {
        return [];
      }
      return files.flatMap((file) =>
        importsOf(file).filter((target) => stages.some((other) => other !== stage && target.includes(`/${other}/`))),
      );
    });
    expect(wrong).toEqual([]);
  });
});
