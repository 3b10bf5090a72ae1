/**
 * Text of a filter to conditions, by this grammar. Columns and types come later, in type-filter.ts.
 *
 *   filter    = condition { "and" condition }
 *   condition = column operator value | column "in" "(" [ value { "," value } ] ")" | column "is" ["not"] "null"
 *   column    = name [ "[" value "]" | "." word ]
 *   value     = word | "text" | 'text'
 *
 * For example: `level = ERROR and metadata.region in (eu, "us east") and latency >= 2.5`
 */
import { usageError } from "../exit-codes.ts";

/** A value as typed. Quoted text is never a number, a boolean or a duration. */
export type Literal = { text: string; isQuoted: boolean };
export type Condition = { column: string; key: string | undefined; operator: string; value: Literal | Literal[] | undefined };

/** Spellings of operators, longest first, and the operator each stands for. */
const operators: readonly [RegExp, string][] = (
  [
    ["is not null", "is not null"],
    ["is null", "is null"],
    ["does not contain", "does not contain"],
    ["not contains", "does not contain"],
    ["contains", "contains"],
    ["starts with", "starts with"],
    ["ends with", "ends with"],
    ["matches", "matches"],
    ["any of", "any of"],
    ["none of", "none of"],
    ["all of", "all of"],
    ["not in", "none of"],
    ["in", "any of"],
  ] as const
).map(([spelling, operator]) => [new RegExp(`${spelling.replaceAll(" ", "\\s+")}(?![\\w.])`, "iy"), operator]);
const sign = /!=|<>|>=|<=|==|=|>|</y;

const space = /\s*/y;
const name = /[A-Za-z_]\w*/y;
/** Anything that cannot end a value. */
const word = /[^\s(),"'[\]]+/y;
const keyWord = /[^\s(),"'[\]=<>!]+/y;
const joint = /(and|or)(?![^\s(])/iy;
const escapes: Record<string, string> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" };

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Skips white space, then takes what the sticky pattern finds here. */
  take(pattern: RegExp): string | undefined {
    this.#skip();
    return this.#takeHere(pattern);
  }

  /** Takes what follows without a space between. */
  #takeHere(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #skip(): void {
    this.#takeHere(space);
  }

  takeChar(char: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }

  isNext(char: string): boolean {
    return this.#text[this.#at] === char;
  }

  isAtEnd(): boolean {
    this.#skip();
    return this.#at === this.#text.length;
  }

  takeWordHere(pattern: RegExp): string | undefined {
    return this.#takeHere(pattern);
  }

  takeQuoted(): string | undefined {
    this.#skip();
    const quote = this.#text[this.#at];
    if (quote !== '"' && quote !== "'") return undefined;
    const start = this.#at;
    this.#at += 1;
    for (let text = ""; ; ) {
      const char = this.#text[this.#at];
      this.#at += 1;
      if (char === undefined) {
        this.#at = start;
        return this.fail("This quote is not closed.");
      }
      if (char === quote) return text;
      text += char === "\\" ? this.#escape() : char;
    }
  }

  #escape(): string {
    const char = this.#text[this.#at] ?? "";
    this.#at += 1;
    if (char === "\\" || char === '"' || char === "'" || char === "/") return char;
    if (char === "u") {
      const digits = this.#takeHere(/[0-9a-f]{4}/iy);
      if (digits !== undefined) return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const escaped = escapes[char];
    if (escaped !== undefined) return escaped;
    this.#at -= char.length + 1;
    return this.fail("A backslash goes before \\, \", ', n, t, r, b, f or uXXXX.");
  }

  fail(message: string): never {
    throw usageError(message, {
      detail: [this.#text.replaceAll(/\s/g, " "), `${" ".repeat(this.#at)}^`],
      help: "docs/command-line.md describes filters. --filter-json takes the API's own form.",
    });
  }
}

/** Parses a filter, strictly: what it does not understand is a usage error that points at the place. */
export const parseFilter = (text: string): Condition[] => {
  const scanner = new Scanner(text);
  const conditions = [parseCondition(scanner)];
  while (!scanner.isAtEnd()) {
    const found = scanner.take(joint)?.toLowerCase();
    if (found === undefined) scanner.fail("Expected `and` or the end. Text with spaces goes into quotes.");
    if (found === "or") scanner.fail("Conditions are combined by `and` only. For several values of one column, write: column in (a, b).");
    conditions.push(parseCondition(scanner));
  }
  return conditions;
};

const parseCondition = (scanner: Scanner): Condition => {
  const column = scanner.take(name);
  if (column === undefined) return scanner.fail("Expected the name of a column.");
  const key = parseKey(scanner);
  const operator = scanner.take(sign) ?? operators.find(([spelling]) => scanner.take(spelling) !== undefined)?.[1];
  if (operator === undefined) return scanner.fail(`Expected an operator after ${column}, such as =, !=, >=, contains, in or is null.`);
  const canonical = operator === "==" ? "=" : operator;
  if (canonical === "is null" || canonical === "is not null") return { column, key, operator: canonical, value: undefined };
  const value = scanner.takeChar("(") ? parseList(scanner) : parseLiteral(scanner);
  return { column, key, operator: canonical, value };
};

/** `.key` or `["any key"]`, right behind the column. */
const parseKey = (scanner: Scanner): string | undefined => {
  if (scanner.isNext(".")) {
    scanner.takeChar(".");
    return scanner.takeWordHere(keyWord) ?? scanner.fail("Expected a key after the dot.");
  }
  if (!scanner.isNext("[")) return undefined;
  scanner.takeChar("[");
  const { text } = parseLiteral(scanner);
  if (!scanner.takeChar("]")) scanner.fail("Expected ] after the key.");
  return text;
};

const parseList = (scanner: Scanner): Literal[] => {
  const values: Literal[] = [];
  if (scanner.takeChar(")")) return values;
  for (;;) {
    values.push(parseLiteral(scanner));
    if (scanner.takeChar(")")) return values;
    if (!scanner.takeChar(",")) scanner.fail("Expected a comma or ) in the list. Text with spaces goes into quotes.");
  }
};

const parseLiteral = (scanner: Scanner): Literal => {
  const quoted = scanner.takeQuoted();
  if (quoted !== undefined) return { text: quoted, isQuoted: true };
  const bare = scanner.take(word);
  return bare === undefined ? scanner.fail("Expected a value.") : { text: bare, isQuoted: false };
};
