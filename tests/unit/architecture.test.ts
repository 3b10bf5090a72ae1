import { readdirSync, readFileSync } from "node:fs";
import { join, posix, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Which of our folders may import which others. Files that compose a program are named below, with what they may import beyond it. */
const allowed: Record<string, readonly string[]> = {
  core: [],
  db: ["core"],
  services: ["db", "core"],
  api: ["services", "core"],
  // The stages of a transfer and of ingestion drive the engines themselves: a service in between would only hand their arguments on.
  runner: ["services", "db", "core"],
  // The index of the pages is also that of /llms.txt.
  openapi: ["api", "core", "docs"],
  // Its client is made of the document: nothing of the server reaches a browser.
  console: [],
  // Operators' commands work where the API is not: on the queue, the event log and the aggregates. Those of users are narrower, see below.
  cli: ["services", "db", "core", "local", "openapi"],
  local: ["core", "db", "services", "api", "runner", "openapi", "cli"],
};
const exceptions: Record<string, string> = {
  "openapi/generate.ts": "also writes the reference of the command line",
  "api/worker.ts": "composition root: constructs the clients",
  "api/deps.ts": "composition root: names the types of the clients",
  "api/open-database.ts": "composition root: opens Postgres for one request",
  "cli/operator/migrate-env.ts": "reads the variables of the engines as the runner does",
  "cli/operator/preflight/preflight-target.ts": "reads the variables as the Worker and the runner do",
  "cli/operator/preflight/check-store.ts": "tries a bucket as the runner uses it",
  "cli/operator/preflight/check-sign-in.ts": "tries the provider as the Worker uses it",
  "cli/operator/preflight/check-mail.ts": "tries the mail server as the runner uses it",
  "cli/operator/preflight/run-checks.ts": "finds credentials as the runner does",
  "api/middleware/problem.ts": "failures of Postgres become problems at this edge",
};
/** Longer than 400 lines, and why. */
const longFiles: Record<string, string> = {};
const corePackages = new Set(["zod"]);
/**
 * One file each: OTLP is protobuf, and only the reader and writer of its wire format are taken, which need neither code made nor eval. Patterns are matched by a port of RE2, which is
 * pure and has no imports; the Worker reads patterns without it, and loads it to say which model a name matches. Ids of analytics events are hashes that `uuid` makes. croner
 * computes instants from instants; its timers stay unused there.
 */
const corePackagesOf: Record<string, string> = {
  "core/egress/ip-address.ts": "ipaddr.js",
  "core/otel/protobuf-fields.ts": "@bufbuild/protobuf/wire",
  "core/otel/encode-response.ts": "@bufbuild/protobuf/wire",
  "core/models/compile-pattern.ts": "re2js",
  "core/integrations/analytics/event-ids.ts": "uuid",
  "core/integrations/schedule.ts": "croner",
};

const wings = Object.keys(allowed);

const filesOf = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => join(folder, file).split(sep).join("/"))
    .filter((file) => !file.includes("/dist/"));

const isGenerated = (file: string): boolean => /^(openapi\/client|console\/src)\/generated\//.test(file);

/** Of code and of types alike; `import(...)` too. */
const importsOf = (file: string): string[] =>
  [...readFileSync(join(root, file), "utf8").matchAll(/(?:^|\n)\s*(?:import|export)\s[^"';]*?from\s+"([^"]+)"|import\("([^"]+)"\)/g)].map(
    (match) => match[1] ?? match[2] ?? "",
  );

/** Relative imports as paths from the root. */
const ownImportsOf = (file: string): string[] =>
  importsOf(file)
    .filter((target) => target.startsWith("."))
    .map((target) => posix.normalize(posix.join(posix.dirname(file), target)));

describe.each(Object.entries(allowed))("%s", (folder, others) => {
  it("imports only the folders it may", () => {
    const wrong = filesOf(folder).flatMap((file) =>
      ownImportsOf(file)
        .filter((target) => {
          const wing = target.split("/")[0] ?? "";
          return target.includes("/") && wing !== folder && !others.includes(wing) && !Object.hasOwn(exceptions, file);
        })
        .map((target) => `${file} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });
});

/** The groups of files that import one another, by value or by type (Tarjan's strongly connected components). */
const circlesOf = (graph: ReadonlyMap<string, readonly string[]>): string[][] => {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file) ?? 0);
    stack.push(file);
    for (const target of graph.get(file) ?? []) {
      if (!graph.has(target)) continue;
      if (!index.has(target)) visit(target);
      else if (!stack.includes(target)) continue;
      low.set(file, Math.min(low.get(file) ?? 0, low.get(target) ?? 0));
    }
    if (low.get(file) !== index.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1) circles.push(circle.toSorted());
  };
  for (const file of graph.keys()) if (!index.has(file)) visit(file);
  return circles;
};

describe("all folders", () => {
  it("have no circle of files", () => {
    const graph = new Map(wings.flatMap((wing) => filesOf(wing)).map((file) => [file, ownImportsOf(file)]));
    expect(graph.size).toBeGreaterThan(400);
    expect(circlesOf(graph).filter((circle) => !circle.every(isGenerated))).toEqual([]);
  });

  it("would show a circle", () => {
    const graph = new Map([
      ["a", ["b"]],
      ["b", ["c", "d"]],
      ["c", ["a"]],
      ["d", []],
    ]);
    expect(circlesOf(graph)).toEqual([["a", "b", "c"]]);
  });

  it("hold no file that gathers what has no place", () => {
    const drawers = /(^|\/)(utils?|helpers?|common|misc|lib|types)(\.ts|\/)/;
    expect(wings.flatMap((wing) => filesOf(wing)).filter((file) => drawers.test(file) && !isGenerated(file))).toEqual([]);
  });

  it("have no file longer than 400 lines but for schemas and generated ones", () => {
    const long = wings
      .flatMap((wing) => filesOf(wing))
      .filter((file) => !isGenerated(file) && !Object.hasOwn(longFiles, file))
      .filter((file) => readFileSync(join(root, file), "utf8").split("\n").length > 401);
    expect(long).toEqual([]);
  });
});

describe("the client", () => {
  it("imports nothing outside its package, and Node only in the entry for files", () => {
    const files = filesOf("openapi/client");
    expect(files).toContain("openapi/client/spillway-client.ts");
    expect(files.flatMap(ownImportsOf).filter((target) => !target.startsWith("openapi/client/"))).toEqual([]);
    const packages = files.flatMap((file) =>
      importsOf(file).filter((target) => !target.startsWith(".") && file !== "openapi/client/node.ts"),
    );
    expect(packages).toEqual([]);
  });
});

describe("the command line for users", () => {
  it("imports nothing of ours but the client", () => {
    const files = filesOf("cli/user");
    expect(files).toContain("cli/user/main.ts");
    expect(files.flatMap(ownImportsOf).filter((target) => !/^(cli\/user|openapi\/client)\//.test(target))).toEqual([]);
  });

  it("is the only one of cli/ that imports it", () => {
    expect(
      filesOf("cli/operator")
        .flatMap(ownImportsOf)
        .filter((target) => target.startsWith("openapi/")),
    ).toEqual([]);
  });
});

describe("core", () => {
  it("uses no package but zod and reads no clock, chance, environment or network", () => {
    const packages = filesOf("core").flatMap((file) =>
      importsOf(file).filter((target) => !target.startsWith(".") && !corePackages.has(target) && corePackagesOf[file] !== target),
    );
    expect(packages).toEqual([]);
    const impure = filesOf("core").filter((file) =>
      /\bDate\.now\(|\bMath\.random\(|\bfetch\(|\bprocess\.|\bBun\.|setTimeout\(/.test(readFileSync(join(root, file), "utf8")),
    );
    expect(impure).toEqual([]);
  });
});
