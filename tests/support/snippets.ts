/** The code blocks of the documentation, and how each is tested: its marker follows the language (CONTRIBUTING.md, "Snippets"). */
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../../local/service.ts";

export type Snippet = {
  page: string;
  /** Of its first line. */
  line: number;
  language: string;
  /** What follows the language, such as `request=createBatchExport`. */
  marker: string;
  code: string;
};

export type Marker =
  | { kind: "run" | "check" }
  | { kind: "request" | "response"; operationId: string }
  | { kind: "sample" | "excerpt"; file: string }
  | { kind: "sql"; dialect: string }
  | { kind: "illustration"; reason: string }
  /** Plain text and diagrams. */
  | { kind: "none" };

/** Markers by language; every language also takes `illustration="reason"` and `excerpt=FILE`. */
const markersOf: Record<string, readonly string[]> = {
  sh: ["run"],
  bash: ["run"],
  ts: ["run", "check"],
  python: ["run"],
  json: ["request", "response", "sample"],
  sql: ["dialect"],
};
/** Markers without a value. */
const bare: readonly string[] = ["run", "check"];
const plainLanguages = new Set(["text", "mermaid"]);
const reasonLengthMin = 15;

export const pagesOfDocs = (): string[] =>
  ["README.md", "CONTRIBUTING.md", ...readdirSync(join(repositoryRoot, "docs")).map((name) => `docs/${name}`)].filter((name) =>
    name.endsWith(".md"),
  );

/** Blocks may be indented, as in a list. */
export const snippetsOf = (page: string, text: string): Snippet[] => {
  const snippets: Snippet[] = [];
  let open: { indent: number; fence: string; info: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const [, spaces = "", fence = "", info = ""] = /^( *)(`{3,})(.*)$/.exec(line) ?? [];
    if (open === undefined) {
      if (fence !== "") open = { indent: spaces.length, fence, info: info.trim(), line: index + 2, lines: [] };
    } else if (fence === open.fence && info === "") {
      const [language = "", ...rest] = open.info.split(" ");
      snippets.push({ page, line: open.line, language, marker: rest.join(" "), code: `${open.lines.join("\n")}\n` });
      open = undefined;
    } else open.lines.push(line.slice(Math.min(open.indent, line.length - line.trimStart().length)));
  }
  return snippets;
};

export const readSnippets = (): Snippet[] =>
  pagesOfDocs().flatMap((page) => snippetsOf(page, readFileSync(join(repositoryRoot, page), "utf8")));

/** A command in a block of plain text would escape the tests. */
const commandLine = /^\s*(\$ |curl |npm |npx |node |bun |spillway |psql |aws |docker |[A-Z_]+=\S+ )/m;

/** Throws with what to write instead. */
export const parseMarker = ({ page, line, language, marker, code }: Snippet): Marker => {
  const fail = (reason: string): never => {
    throw new Error(`${page}:${line}: ${reason} (CONTRIBUTING.md, "Snippets")`);
  };
  const [, key = marker, quoted, plain = ""] = /^(\w+)=(?:"([^"]*)"|(\S+))$/.exec(marker) ?? [];
  const value = quoted ?? plain;
  if (key === "illustration")
    return value.length >= reasonLengthMin ? { kind: "illustration", reason: value } : fail('say why it cannot run: illustration="…"');
  if (key === "excerpt" && value !== "") return { kind: "excerpt", file: value };
  if (plainLanguages.has(language))
    return marker === "" && !commandLine.test(code) ? { kind: "none" } : fail("plain text takes no marker and holds no command");
  const markers = markersOf[language];
  if (markers === undefined)
    return fail(language === "" ? "name the language of the block; plain text is `text`" : `give ${language} a marker: excerpt=FILE`);
  const known = markers.map((name) => (bare.includes(name) ? name : `${name}=…`)).join(", ");
  if (!markers.includes(key) || (value === "") !== bare.includes(key))
    return fail(`mark the ${language} snippet: ${known} or illustration="why"`);
  if (key === "request" || key === "response") return { kind: key, operationId: value };
  if (key === "sample") return { kind: key, file: value };
  if (key === "dialect") return { kind: "sql", dialect: value };
  return { kind: key === "check" ? key : "run" };
};

/** The TypeScript snippets of a page with one of these markers, as one program: a snippet knows what those before it declare. */
export const programOf = (snippets: readonly Snippet[], kinds: readonly Marker["kind"][]): string =>
  snippets
    .filter((snippet) => snippet.language === "ts" && kinds.includes(parseMarker(snippet).kind))
    .map(({ code }) => code)
    .join("\n");

/** Our own package, as its source; without effect while the folder is none. */
const clientPaths = (): Record<string, string[]> => {
  const folder = join(repositoryRoot, "openapi/client");
  if (!existsSync(join(folder, "package.json"))) return {};
  const { name, exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    name: string;
    exports: Record<string, { default: string }>;
  };
  return Object.fromEntries(
    Object.entries(exports).map(([path, target]) => [
      join(name, path),
      [join(folder, target.default.replace("/dist/", "/").replace(/\.js$/, ".ts"))],
    ]),
  );
};

/** Makes a folder fit for programs of snippets: they find the packages of the repository. */
export const preparePrograms = (folder: string): void => {
  symlinkSync(join(repositoryRoot, "node_modules"), join(folder, "node_modules"));
  const compilerOptions = { lib: ["ESNext", "DOM", "DOM.Iterable"], types: ["bun-types"], paths: clientPaths() };
  const config = { extends: join(repositoryRoot, "tsconfig.base.json"), compilerOptions, include: ["*.ts"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
};
