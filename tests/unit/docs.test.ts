/** README, CONTRIBUTING and docs/ cite only what exists: paths, links, headings, npm scripts, environment variables, error codes, log events. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { headingSlug } from "../../docs/.vitepress/heading-slug.ts";
import { navigation } from "../../docs/.vitepress/navigation.ts";
import { pagesOfDocs } from "../support/snippets.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const exists = (path: string): boolean => existsSync(join(root, path));

const pages = pagesOfDocs();
const folders = [".ci", "api", "cli", "core", "db", "deploy", "docs", "local", "openapi", "patches", "runner", "services", "tests"];

/** Each with the reason why the code does not have it. */
const exceptions = new Map([
  ["OTEL_METRICS_EXPORTER", "a variable of the sender's SDK"],
  ["OTEL_LOGS_EXPORTER", "a variable of the sender's SDK"],
  ["LANGSMITH_OTEL_ENABLED", "a variable of LangSmith's SDK"],
  ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a variable of the sender's SDK"],
  ["HTTP_PROXY", "a variable that Bun reads"],
  ["HTTPS_PROXY", "a variable that Bun reads"],
  ["WEBHOOK_SECRET", "a variable of the reader's program"],
  ["SPILLWAY_PREVIEW_EVENTS", "a variable that a test reads"],
  ["PUBLIC_KEY", "stands for the reader's key"],
  ["SECRET_KEY", "stands for the reader's key"],
  ["WEBHOOK_SECRET", "a variable of the reader's receiver"],
  ["PROJECT_ID", "stands for the reader's project"],
  ["TRACE_ID", "stands for a trace of the reader's"],
]);

/** Texts in backticks of one line. */
const inlineCode = (line: string): string[] => [...line.matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);

const isInFolder = (word: string): boolean =>
  /^[\w.@-]+(\/[\w.@-]+)*\/?$/.test(word) && word.includes("/") && folders.includes(word.split("/")[0] ?? "");
const isFileName = (word: string): boolean => /^(\.env\.example|[\w-]+(\.test)?\.(ts|md|mjs|sql|json|toml))$/.test(word);

/** Paths in backticks or code blocks that begin with a top folder, and bare names of files: these are at the top, or beside another path of the same line. */
const unknownPaths = (text: string): string[] => {
  let isBlock = false;
  return text.split("\n").flatMap((line) => {
    if (line.startsWith("```")) isBlock = !isBlock;
    const words = (isBlock ? [line] : inlineCode(line)).flatMap((code) => code.split(/\s+/)).map((word) => word.replace(/[,;:.)]+$/, ""));
    const paths = words.filter(isInFolder);
    const besides = ["", ...paths.flatMap((path) => [path, dirname(path)])];
    const names = isBlock ? [] : inlineCode(line).filter((code) => !isInFolder(code) && isFileName(code));
    return [...paths.filter((path) => !exists(path)), ...names.filter((name) => !besides.some((folder) => exists(join(folder, name))))];
  });
};

const slugs = (markdown: string): string[] => [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => headingSlug(title));

const brokenLinks = (page: string, text: string): string[] =>
  [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = ""]) => {
    if (/^(https?|mailto):/.test(link)) return [];
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? page : join(dirname(page), path);
    if (path.endsWith(".png")) return existsSync(join(root, target)) ? [] : [link];
    // The site has the pages of docs/ only.
    if (page.startsWith("docs/") && dirname(target) !== "docs") return [`${link}: name the file by its path instead`];
    return exists(target) && (anchor === undefined || slugs(read(target)).includes(anchor)) ? [] : [link];
  });

const unknownScripts = (text: string, scripts: Record<string, string>): string[] =>
  [...text.matchAll(/npm (?:run (?:--silent )?([\w:-]+)|(test|start)\b(?!:))/g)]
    .map(([, run, short]) => run ?? short ?? "")
    .filter((name) => !Object.hasOwn(scripts, name));

const sourceFiles = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name}`)
    .filter((name) => /\.(ts|mjs|sql)$/.test(name) && statSync(join(root, name)).isFile());

/** Text taken from the pages, which proves nothing about them. */
const generatedText = "api/routes/system/llms-text.ts";
const sources = ["api", "cli", "core", "db", "local", "openapi/client", "runner", "services", "tests/support"]
  .flatMap(sourceFiles)
  .filter((file) => file !== generatedText)
  .map(read)
  .join("\n");
const constants = new Set(sources.match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g));

/** Names in capitals with an underscore: variables and error codes alike have to be in the code. A star stands for any ending. */
const unknownNames = (text: string): string[] =>
  [...text.matchAll(/(?<![\w$/{<])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?:_\*|\b)/g)]
    .map(([name]) => name)
    .filter((name) => {
      if (exceptions.has(name)) return false;
      return name.endsWith("_*") ? ![...constants].some((known) => known.startsWith(name.slice(0, -1))) : !constants.has(name);
    });

/** Endings such as `_PREFIX` that follow a whole variable in the same line belong to it. */
const unknownEndings = (text: string): string[] =>
  text.split("\n").flatMap((line) => {
    const bases = [...line.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`/g)].map(([, name = ""]) => name);
    return [...line.matchAll(/`(_[A-Z0-9]+(?:_[A-Z0-9]+)*)`/g)].flatMap(([, ending = ""]) => {
      const candidates = bases.length > 0 ? bases : [...constants];
      const isKnown = candidates.some((base) => {
        const words = base.split("_");
        return words.some((_, end) => constants.has(words.slice(0, end + 1).join("_") + ending));
      });
      return isKnown || [...constants].some((known) => bases.length === 0 && known.endsWith(ending)) ? [] : [ending];
    });
  });

const snakeNames = new Set(sources.match(/\b[a-z]+(?:_[a-z]+)+\b/g));

/** Log events and their fields that the tables of symptoms name. */
const unknownEvents = (text: string): string[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .flatMap((line) => inlineCode(line.split(" | ")[0] ?? ""))
    .filter((code) => /^[a-z]+(_[a-z]+)+$/.test(code) && !snakeNames.has(code));

const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };

describe.each(pages)("%s", (page) => {
  const text = read(page);
  it("cites only paths that exist", () => {
    expect(unknownPaths(text)).toEqual([]);
  });
  it("links only to pages and headings that exist", () => {
    expect(brokenLinks(page, text)).toEqual([]);
  });
  it("names only npm scripts that exist", () => {
    expect(unknownScripts(text, scripts)).toEqual([]);
  });
  it("names only environment variables and error codes that the code has", () => {
    expect([...unknownNames(text), ...unknownEndings(text)]).toEqual([]);
  });
});

describe("docs/.vitepress/navigation.ts", () => {
  it("has every page once", () => {
    const listed = navigation.flatMap((group) => group.pages.map(([name]): string => name));
    expect(listed).toEqual([...new Set(listed)]);
    const written = pages.flatMap((page) => (page.startsWith("docs/") ? [page.slice("docs/".length, -".md".length)] : []));
    const missing = written.filter((name) => name !== "index" && !listed.includes(name));
    expect(missing, "add a line to docs/.vitepress/navigation.ts for each of these pages").toEqual([]);
  });
});

describe("docs/operations.md", () => {
  it("names only log events that the code emits", () => {
    expect(unknownEvents(read("docs/operations.md"))).toEqual([]);
  });
});

describe("the checks themselves", () => {
  it("find what does not exist", () => {
    expect(unknownPaths("`core/gone.ts` `gone.ts` `runner/gone/` `core/errors.ts` `ids.ts` `application/json`")).toEqual([
      "core/gone.ts",
      "runner/gone/",
      "gone.ts",
    ]);
    expect(unknownPaths("```sh\nbun run tests/gone.test.ts tests/unit\n```\n`run tests/unit/gone.test.ts`")).toEqual([
      "tests/gone.test.ts",
      "tests/unit/gone.test.ts",
    ]);
    expect(brokenLinks("docs/models.md", "[a](gone.md) [b](#gone) [c](usage.md#rules) [d](../README.md)")).toEqual([
      "gone.md",
      "#gone",
      "../README.md: name the file by its path instead",
    ]);
    expect(unknownScripts("npm run gone, npm run check, npm test", scripts)).toEqual(["gone"]);
    expect(unknownNames("`SPILLWAY_GONE` `SALT` `DATABASE_URL` `SPILLWAY_GONE_*`")).toEqual(["SPILLWAY_GONE", "SPILLWAY_GONE_*"]);
    expect(unknownEndings("`CLICKHOUSE_URL`, `_USER`, `_GONE`")).toEqual(["_GONE"]);
    expect(unknownEvents("| `resume_refused` | gone |\n| `sweep_failed` | there |")).toEqual(["resume_refused"]);
  });

  it("have no exception that is not needed", () => {
    const all = pages.map(read).join("\n");
    expect([...exceptions.keys()].filter((name) => !all.includes(name) || constants.has(name))).toEqual([]);
  });
});
