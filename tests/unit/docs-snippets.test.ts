/** Every code block of the documentation says how it is tested. Those that need no service are tested here, the others by tests/e2e/docs-snippets.test.ts. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dialect, validate } from "@polyglot-sql/sdk";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { repositoryRoot } from "../../local/service.ts";
import { type Marker, parseMarker, preparePrograms, programOf, readSnippets, type Snippet, snippetsOf } from "../support/snippets.ts";

type Schema = Parameters<typeof z.fromJSONSchema>[0];
type Content = Record<string, { schema: object }>;
type Operation = { operationId: string; requestBody?: unknown; responses: Record<string, { content?: Content }> };

const read = (path: string): string => readFileSync(join(repositoryRoot, path), "utf8");
const api = JSON.parse(read("openapi/openapi.json")) as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: object };
};
const operations = Object.values(api.paths).flatMap((methods) => Object.values(methods));

/** Throws if no such operation answers with JSON. */
const answerSchema = (operationId: string): z.ZodType => {
  const operation = operations.find((one) => one.operationId === operationId);
  const [, answer] = Object.entries(operation?.responses ?? {}).find(([status]) => status.startsWith("2")) ?? [];
  const schema = answer?.content?.["application/json"]?.schema;
  if (schema === undefined) throw new Error(`openapi/openapi.json has no JSON answer of an operation ${operationId}`);
  const text = JSON.stringify({ ...schema, $defs: api.components.schemas }).replaceAll("#/components/schemas/", "#/$defs/");
  return z.fromJSONSchema(JSON.parse(text) as Schema);
};

/** `"…"` as a name or an element stands for what is left out, as a value for any value. */
const isWithin = (whole: unknown, part: unknown): boolean => {
  if (part === "…") return true;
  if (Array.isArray(part)) return Array.isArray(whole) && part.every((one) => one === "…" || whole.some((other) => isWithin(other, one)));
  if (typeof part !== "object" || part === null) return whole === part;
  if (typeof whole !== "object" || whole === null) return false;
  return Object.entries(part).every(([name, value]) => name === "…" || isWithin((whole as Record<string, unknown>)[name], value));
};

const linesOf = (text: string): string[] => text.split("\n").map((line) => line.trim());

/** Throws, or returns what is wrong; undefined if nothing is. */
const faultOf = ({ code }: Snippet, marker: Marker): string | undefined => {
  switch (marker.kind) {
    case "response": {
      const { error } = answerSchema(marker.operationId).safeParse(JSON.parse(code));
      return error === undefined ? undefined : z.prettifyError(error);
    }
    case "sample": {
      const sample = JSON.parse(read(marker.file)) as object;
      return [sample, ...Object.values(sample)].some((one) => isWithin(one, JSON.parse(code)))
        ? undefined
        : `${marker.file} says otherwise`;
    }
    case "excerpt": {
      const lines = new Set(linesOf(read(marker.file)));
      return linesOf(code).find((line) => line !== "" && !/^(#|\/\/)? ?…$/.test(line) && !lines.has(line));
    }
    case "sql": {
      const dialect = Dialect[marker.dialect as keyof typeof Dialect] as Dialect | undefined;
      if (dialect === undefined) return `no dialect ${marker.dialect}: ${Object.keys(Dialect).join(", ")}`;
      const { valid, errors } = validate(code, dialect);
      return valid ? undefined : JSON.stringify(errors);
    }
    case "request":
      JSON.parse(code);
      return operations.some(({ operationId, requestBody }) => operationId === marker.operationId && requestBody !== undefined)
        ? undefined
        : `openapi/openapi.json has no operation ${marker.operationId} with a body`;
    case "run":
    case "check":
    case "illustration":
    case "none":
      return undefined;
    default:
      return marker satisfies never;
  }
};

const first = (text: string): Snippet => {
  const [snippet] = snippetsOf("docs/page.md", text);
  if (snippet === undefined) throw new Error("no snippet");
  return snippet;
};
const markerOf = (info: string, code = "true"): Marker => parseMarker(first(`\`\`\`${info}\n${code}\n\`\`\``));

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The fault of a snippet with its place; none of a sound one. */
const faultsOf = (snippet: Snippet): string[] => {
  let marker: Marker;
  try {
    marker = parseMarker(snippet);
  } catch (error) {
    return [messageOf(error)];
  }
  try {
    const fault = faultOf(snippet, marker);
    return fault === undefined ? [] : [`${snippet.page}:${snippet.line}: ${fault}`];
  } catch (error) {
    return [`${snippet.page}:${snippet.line}: ${messageOf(error)}`];
  }
};

it("every snippet says how it is tested, and is what the code, the API document and the fixtures say", () => {
  expect(readSnippets().flatMap(faultsOf)).toEqual([]);
});

/** What the compiler says of programs, by the names of their files. */
const typeFaults = (programs: Record<string, string>): string => {
  const folder = mkdtempSync(join(tmpdir(), "spillway-snippets-"));
  try {
    preparePrograms(folder);
    for (const [name, program] of Object.entries(programs)) writeFileSync(join(folder, name), program);
    return spawnSync(join(repositoryRoot, "node_modules/typescript7/bin/tsc"), ["-p", folder, "--noUnusedLocals", "false"], {
      cwd: folder,
      encoding: "utf8",
    }).stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

it("TypeScript of the documentation has no type errors", () => {
  const snippets = readSnippets();
  const programs = [...new Set(snippets.map(({ page }) => page))].flatMap((page): [string, string][] => {
    const ofPage = snippets.filter((snippet) => snippet.page === page);
    const program = programOf(ofPage, ["run", "check"]);
    return program === "" ? [] : [[`${page.replaceAll(/\W/g, "-")}.ts`, program]];
  });
  expect(programs).not.toEqual([]);
  expect(typeFaults({ ...Object.fromEntries(programs), "wrong.ts": "export const wrong: number = 'text';" })).toMatch(
    /^wrong\.ts\(1,14\)[^\n]*\n$/,
  );
});

describe("the checks themselves", () => {
  it("find blocks with their language, marker and first line, in lists too", () => {
    expect(snippetsOf("p", "a\n```sh run\nx\n```\n- b\n  ```json request=y\n  {\n    }\n  ```\n")).toEqual([
      { page: "p", line: 3, language: "sh", marker: "run", code: "x\n" },
      { page: "p", line: 7, language: "json", marker: "request=y", code: "{\n  }\n" },
    ]);
  });

  it("refuse a block without a marker, and name page and line", () => {
    expect(() => markerOf("sh")).toThrow('docs/page.md:2: mark the sh snippet: run or illustration="why"');
    expect(() => markerOf("json")).toThrow("request=…, response=…, sample=…");
    expect(() => markerOf("json request=")).toThrow("mark the json snippet");
    expect(() => markerOf("python request=create")).toThrow("mark the python snippet");
    expect(() => markerOf("")).toThrow("plain text is `text`");
    expect(() => markerOf("ini")).toThrow("excerpt=FILE");
    expect(() => markerOf('sh illustration="no"')).toThrow("say why");
    expect(() => markerOf("text", "npm start")).toThrow("no command");
    expect(() => markerOf("sh run=twice")).toThrow("mark the sh snippet");
    expect(markerOf("ts run")).toEqual({ kind: "run" });
    expect(markerOf('sh illustration="needs a bucket of yours"')).toEqual({ kind: "illustration", reason: "needs a bucket of yours" });
  });

  it("refuse what the code does not have", () => {
    const check = (info: string, code: string) => faultOf(first(`\`\`\`${info}\n${code}\n\`\`\``), markerOf(info, code));
    expect(check("json response=getHealth", '{"status": 1}')).toContain("status");
    expect(() => check("json response=gone", "{}")).toThrow("gone");
    expect(check("json request=gone", "{}")).toContain("gone");
    expect(check("json sample=package.json", '{"name":"spillway","…":"…"}')).toBeUndefined();
    expect(check("json sample=package.json", '{"name":"other"}')).toContain("package.json");
    expect(check("ini excerpt=bunfig.toml", "[install]\n# …\nexact = true")).toBeUndefined();
    expect(check("ini excerpt=bunfig.toml", "exact = false")).toBe("exact = false");
    expect(check("sql dialect=DuckDB", "SELECT FROM WHERE (")).toBeDefined();
    expect(check("sql dialect=Gone", "SELECT 1")).toContain("DuckDB");
    expect(existsSync(join(repositoryRoot, "tests/e2e/docs-snippets.test.ts"))).toBe(true);
  });
});
