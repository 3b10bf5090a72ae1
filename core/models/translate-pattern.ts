/**
 * Models: translates a Postgres regular expression to RE2 and bounds its program, in linear time, so that an oversized one never reaches an
 * engine. Supports `(?i)`, `(?c)`, alternatives, groups, classes with ranges and `[:names:]`, `\d \w \s`, `* + ? {m,n}` greedy or not, `^ $
 * \A \Z`.
 * https://www.postgresql.org/docs/17/functions-matching.html, https://github.com/google/re2/wiki/Syntax (read 2026-11)
 */
import { bracketEscapes, charEscapes, classNames } from "./pattern-classes.ts";

/**
 * `source` is for an engine whose `.` matches every character and whose `^` and `$` match the ends of the text; it has no capturing groups.
 */
export type TranslatedPattern = { source: string; isCaseSensitive: boolean; steps: number };

/** The message follows "Not understood: ". */
export class PatternError extends Error {
  override name = "PatternError";
}

/** A part of the pattern: its RE2 source and its maximum number of instructions. */
type Part = { source: string; steps: number; isAnchor?: boolean };
type Bounds = { min: number; max: number };

/** Nothing larger is ever compiled. */
export const compiledStepsMax = 2000;
const lengthMax = 2000;
const depthMax = 100;
/** Postgres's limit. */
const repeatMax = 255;
/** Reading a Unicode class costs an engine as much as this many instructions; copies of it cost nothing. */
const classSteps = 20;

const refusedGroups: readonly (readonly [string, string])[] = [
  ["?=", "look-ahead"],
  ["?!", "look-ahead"],
  ["?<", "look-behind or a named group"],
  ["?P", "a named group"],
];

/**
 * Throws PatternError if the pattern is unsupported, longer than 2,000 characters, or needs more than `stepsMax` instructions. The limit is
 * checked before the program is written out, however deeply repetitions nest.
 */
export const translatePattern = (
  pattern: string,
  { isCaseSensitive = true, stepsMax }: { isCaseSensitive?: boolean; stepsMax: number },
): TranslatedPattern => {
  if (pattern.length > lengthMax) throw new PatternError(`it has more than ${lengthMax} characters`);
  if (!pattern.isWellFormed()) throw new PatternError("half of a surrogate pair");
  const [prefix = "", flags = ""] = /^\(\?([a-z]+)\)/.exec(pattern) ?? [];
  if (!/^[ic]*$/.test(flags)) throw new PatternError(`flag ${flags.replace(/[ic]/g, "").charAt(0)}`);
  const reader = new Reader(pattern.slice(prefix.length), stepsMax);
  return { source: reader.read(), isCaseSensitive: flags === "" ? isCaseSensitive : flags.endsWith("c"), steps: reader.steps };
};

/**
 * Returns what is unsupported, such as "a back reference"; undefined for a usable pattern. Consults no engine, so a refusal costs only the
 * reading.
 */
export const findPatternFault = (pattern: string, stepsMax: number): string | undefined => {
  try {
    translatePattern(pattern, { stepsMax });
    return undefined;
  } catch (error) {
    if (error instanceof PatternError) return error.message;
    throw error;
  }
};

/** Returns the maximum steps of the compiled program; 0 for an unsupported pattern, which matches nothing. */
export const countPatternSteps = (pattern: string): number => {
  try {
    return translatePattern(pattern, { stepsMax: compiledStepsMax }).steps;
  } catch (error) {
    if (error instanceof PatternError) return 0;
    throw error;
  }
};

class Reader {
  steps = 0;
  private at = 0;
  private depth = 0;
  private classes = 0;
  private readonly chars: string[];
  private readonly stepsMax: number;

  constructor(pattern: string, stepsMax: number) {
    this.chars = [...pattern];
    this.stepsMax = stepsMax;
  }

  read(): string {
    const { source, steps } = this.choice();
    if (this.at < this.chars.length) throw new PatternError("a group that ends and never began");
    // Every program has a fail and a match instruction.
    this.steps = this.bounded(steps + 2);
    return source;
  }

  private bounded(steps: number): number {
    if (steps + this.classes * classSteps > this.stepsMax) throw new PatternError(`it needs more than ${this.stepsMax} steps`);
    return steps + this.classes * classSteps;
  }

  private peek(offset = 0): string {
    return this.chars[this.at + offset] ?? "";
  }

  private next(): string {
    const char = this.chars[this.at++];
    if (char === undefined) throw new PatternError("it ends early");
    return char;
  }

  private isAhead(text: string): boolean {
    return [...text].every((char, offset) => this.peek(offset) === char);
  }

  private skip(text: string): boolean {
    if (!this.isAhead(text)) return false;
    this.at += text.length;
    return true;
  }

  private choice(): Part {
    const first = this.sequence();
    let { source, steps } = first;
    while (this.skip("|")) {
      const other = this.sequence();
      source += `|${other.source}`;
      steps += other.steps + 1;
      this.bounded(steps);
    }
    return { source, steps };
  }

  private sequence(): Part {
    let source = "";
    let steps = 0;
    while (this.at < this.chars.length && this.peek() !== "|" && this.peek() !== ")") {
      const part = this.repeated();
      source += part.source;
      steps += part.steps;
      this.bounded(steps);
    }
    // An empty part is an instruction too, and so is each copy.
    return { source, steps: Math.max(1, steps) };
  }

  private repeated(): Part {
    const atom = this.atom();
    const bounds = this.bounds();
    if (bounds === undefined) return atom;
    const lazy = this.skip("?") ? "?" : "";
    if (this.bounds() !== undefined) throw new PatternError("a repetition that is repeated");
    if (atom.isAnchor === true) throw new PatternError("an anchor that is repeated");
    const { min, max } = bounds;
    const copies = Math.max(1, max === Number.POSITIVE_INFINITY ? min : max);
    const times = max === Number.POSITIVE_INFINITY ? `{${min},}` : `{${min},${max}}`;
    // An optional or repeating copy adds a choice; one that may be empty adds two.
    return { source: `(?:${atom.source})${times}${lazy}`, steps: this.bounded(copies * (atom.steps + 2)) };
  }

  private bounds(): Bounds | undefined {
    if (this.skip("*")) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (this.skip("+")) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (this.skip("?")) return { min: 0, max: 1 };
    if (this.peek() !== "{" || !isDigit(this.peek(1))) return undefined;
    this.next();
    const min = this.number();
    const max = this.skip(",") ? (isDigit(this.peek()) ? this.number() : Number.POSITIVE_INFINITY) : min;
    if (!this.skip("}") || min > max) throw new PatternError("a repetition with wrong bounds");
    return { min, max };
  }

  private number(): number {
    let digits = "";
    while (isDigit(this.peek())) digits += this.next();
    if (Number(digits) > repeatMax) throw new PatternError(`a repetition of more than ${repeatMax}`);
    return Number(digits);
  }

  private atom(): Part {
    const char = this.next();
    if (char === "(") return this.group();
    if (char === "[") return this.charClass();
    if (char === ".") return { source: ".", steps: 1 };
    if (char === "^") return start;
    if (char === "$") return end;
    if (char === "\\") return this.escape();
    if (char === "*" || char === "+" || char === "?") throw new PatternError("a repetition of nothing");
    return { source: literal(char), steps: 1 };
  }

  private group(): Part {
    const refused = refusedGroups.find(([opening]) => this.isAhead(opening));
    if (refused !== undefined) throw new PatternError(refused[1]);
    if (this.peek() === "?" && !this.skip("?:")) throw new PatternError("flags that are not at the beginning");
    if (++this.depth > depthMax) throw new PatternError(`groups that are nested more than ${depthMax} levels`);
    const { source, steps } = this.choice();
    if (!this.skip(")")) throw new PatternError("a group that does not end");
    this.depth--;
    return { source: `(?:${source})`, steps };
  }

  private escape(): Part {
    const char = this.next();
    if (char === "A") return start;
    if (char === "Z") return end;
    const members = own(bracketEscapes, char.toLowerCase());
    if (members !== undefined) {
      this.classes++;
      return { source: char === char.toLowerCase() ? `[${members}]` : `[^${members}]`, steps: 1 };
    }
    return { source: literal(this.escaped(char)), steps: 1 };
  }

  private escaped(char: string): string {
    const known = own(charEscapes, char);
    if (known !== undefined) return known;
    if (char === "u" || char === "x") return this.codePoint(char === "u" ? 4 : 2);
    if (isDigit(char)) throw new PatternError("a back reference");
    if ("bBmMyY".includes(char)) throw new PatternError(`\\${char}, a word boundary or a control character`);
    if (/^[\p{L}\p{N}]$/u.test(char)) throw new PatternError(`the escape \\${char}`);
    return char;
  }

  private codePoint(length: number): string {
    const digits = Array.from({ length }, () => this.next()).join("");
    const char = /^[\da-f]+$/i.test(digits) ? String.fromCodePoint(Number.parseInt(digits, 16)) : "";
    if (char === "" || !char.isWellFormed()) throw new PatternError("an invalid code point");
    return char;
  }

  private charClass(): Part {
    const negation = this.skip("^") ? "^" : "";
    let members = "";
    do members += this.classMember();
    while (!this.skip("]"));
    return { source: `[${negation}${members}]`, steps: 1 };
  }

  private classMember(): string {
    if (this.isAhead("[.") || this.isAhead("[=")) throw new PatternError("a collating element");
    if (this.skip("[:")) return this.namedClass();
    const char = this.next();
    if (char === "\\") {
      const members = own(bracketEscapes, this.peek());
      if (members !== undefined) {
        this.next();
        this.classes++;
        return members;
      }
    }
    const first = char === "\\" ? this.escaped(this.next()) : char;
    if (this.peek() !== "-" || this.peek(1) === "]" || this.peek(1) === "") return literal(first);
    this.next();
    const to = this.next();
    const last = to === "\\" ? this.escaped(this.next()) : to;
    if ((first.codePointAt(0) ?? 0) > (last.codePointAt(0) ?? 0)) throw new PatternError("a range that runs backwards");
    // Case folding visits each character of a range that may contain letters.
    if (last > "\x7f") this.classes++;
    return `${literal(first)}-${literal(last)}`;
  }

  private namedClass(): string {
    let name = "";
    while (!this.skip(":]")) name += this.next();
    const members = own(classNames, name);
    if (members === undefined) throw new PatternError("a class of characters by that name");
    this.classes++;
    return members;
  }
}

const start: Part = { source: "\\A", steps: 1, isAnchor: true };
const end: Part = { source: "\\z", steps: 1, isAnchor: true };

const isDigit = (char: string): boolean => char >= "0" && char <= "9" && char.length === 1;

const own = (table: Readonly<Record<string, string>>, name: string): string | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

/** ASCII letters and digits stand for themselves everywhere; anything else is escaped by number. */
const literal = (char: string): string => (/^[0-9A-Za-z]$/.test(char) ? char : `\\x{${(char.codePointAt(0) ?? 0).toString(16)}}`);
