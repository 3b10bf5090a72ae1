/** The code blocks of the documentation, and how each is tested: its marker follows the language (CONTRIBUTING.md, "Snippets"). */
import { readdirSync, readFileSync } from "node:fs";
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
  | { kind: "run" }
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
  ts: ["run"],
  python: ["run"],
  json: ["request", "response", "sample"],
  sql: ["dialect"],
};
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
  const known = markers.map((name) => (name === "run" ? name : `${name}=…`)).join(", ");
  if (!markers.includes(key) || (key !== "run" && value === ""))
    return fail(`mark the ${language} snippet: ${known} or illustration="why"`);
  if (key === "request" || key === "response") return { kind: key, operationId: value };
  if (key === "sample") return { kind: key, file: value };
  return key === "dialect" ? { kind: "sql", dialect: value } : { kind: "run" };
};
