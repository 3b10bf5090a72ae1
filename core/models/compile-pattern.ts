/**
 * Regular expressions as Postgres spells them, matched in time linear in the text: all states of the automaton advance together, nothing is tried twice.
 * So no pattern somebody wrote can hang or fail its reader. Bounds: 2,000 characters of pattern, 2,000 steps of the compiled program, 500 characters of text.
 * Understood: flags `(?i)` and `(?c)`, alternatives, groups, classes with ranges and `[:names:]`, `\d \w \s`, `* + ? {m,n}` greedy or not, `^ $ \A \Z`.
 * Look-around, back references and word boundaries are not: such a pattern does not compile. https://www.postgresql.org/docs/17/functions-matching.html (read 2026-11)
 */

type CharTest = (char: string) => boolean;
type Node =
  | { kind: "char"; test: CharTest }
  | { kind: "start" | "end" }
  | { kind: "sequence" | "choice"; of: Node[] }
  | { kind: "repeat"; of: Node; min: number; max: number };
type Step = { kind: "char"; test: CharTest } | { kind: "start" | "end" | "match" } | { kind: "fork"; to: number[] };

const patternLengthMax = 2000;
const stepsMax = 2000;
const textLengthMax = 500;
const depthMax = 100;
/** As Postgres has it. */
const repeatMax = 255;
const rememberedMax = 256;

class PatternError extends Error {
  override name = "PatternError";
}

const isDigit: CharTest = (char) => char >= "0" && char <= "9" && char.length === 1;
const isWord: CharTest = (char) => /^[\p{L}\p{N}_]$/u.test(char);
const isSpace: CharTest = (char) => /^\s$/u.test(char);
const not =
  (test: CharTest): CharTest =>
  (char) =>
    !test(char);

/** A class may have hundreds of members, and a repetition asks it as often as it has copies. */
const rememberedTest = (test: CharTest): CharTest => {
  const known = new Map<string, boolean>();
  return (char) => {
    const before = known.get(char);
    if (before !== undefined) return before;
    if (known.size >= rememberedMax) known.clear();
    const isMatch = test(char);
    known.set(char, isMatch);
    return isMatch;
  };
};

const classEscapes: Record<string, CharTest> = { d: isDigit, D: not(isDigit), w: isWord, W: not(isWord), s: isSpace, S: not(isSpace) };
const charEscapes: Record<string, string> = { n: "\n", t: "\t", r: "\r", f: "\f", v: "\v", a: "\x07", e: "\x1b", 0: "\0" };
const classNames: Record<string, CharTest> = {
  alpha: (char) => /^\p{L}$/u.test(char),
  digit: isDigit,
  alnum: (char) => /^[\p{L}\p{N}]$/u.test(char),
  lower: (char) => /^\p{Ll}$/u.test(char),
  upper: (char) => /^\p{Lu}$/u.test(char),
  space: isSpace,
  punct: (char) => /^[\p{P}\p{S}]$/u.test(char),
  word: isWord,
};

class Parser {
  private at = 0;
  private depth = 0;
  private readonly chars: string[];
  private readonly isCaseSensitive: boolean;

  constructor(pattern: string, isCaseSensitive: boolean) {
    this.chars = [...pattern];
    this.isCaseSensitive = isCaseSensitive;
  }

  parse(): Node {
    const node = this.choice();
    if (this.at < this.chars.length) throw new PatternError("a group ends that never began");
    return node;
  }

  private peek(offset = 0): string {
    return this.chars[this.at + offset] ?? "";
  }

  private next(): string {
    const char = this.chars[this.at++];
    if (char === undefined) throw new PatternError("the pattern ends early");
    return char;
  }

  private skip(text: string): boolean {
    if (![...text].every((char, offset) => this.peek(offset) === char)) return false;
    this.at += text.length;
    return true;
  }

  private choice(): Node {
    const of = [this.sequence()];
    while (this.skip("|")) of.push(this.sequence());
    return of.length === 1 ? (of[0] ?? { kind: "sequence", of: [] }) : { kind: "choice", of };
  }

  private sequence(): Node {
    const of: Node[] = [];
    while (this.at < this.chars.length && this.peek() !== "|" && this.peek() !== ")") of.push(this.repeated());
    return { kind: "sequence", of };
  }

  private repeated(): Node {
    const atom = this.atom();
    const bounds = this.bounds();
    if (bounds === undefined) return atom;
    this.skip("?");
    if (this.bounds() !== undefined) throw new PatternError("a repetition is repeated");
    if (atom.kind === "start" || atom.kind === "end") throw new PatternError("an anchor is repeated");
    return { kind: "repeat", of: atom, ...bounds };
  }

  private bounds(): { min: number; max: number } | undefined {
    if (this.skip("*")) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (this.skip("+")) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (this.skip("?")) return { min: 0, max: 1 };
    if (this.peek() !== "{" || !isDigit(this.peek(1))) return undefined;
    this.next();
    const min = this.number();
    const max = this.skip(",") ? (isDigit(this.peek()) ? this.number() : Number.POSITIVE_INFINITY) : min;
    if (!this.skip("}") || min > max) throw new PatternError("a repetition has wrong bounds");
    return { min, max };
  }

  private number(): number {
    let digits = "";
    while (isDigit(this.peek())) digits += this.next();
    if (Number(digits) > repeatMax) throw new PatternError("a repetition is too long");
    return Number(digits);
  }

  private atom(): Node {
    const char = this.next();
    if (char === "(") return this.group();
    if (char === "[") return { kind: "char", test: this.charClass() };
    if (char === ".") return { kind: "char", test: () => true };
    if (char === "^") return { kind: "start" };
    if (char === "$") return { kind: "end" };
    if (char === "\\") return this.escape();
    if (char === "*" || char === "+" || char === "?") throw new PatternError("a repetition of nothing");
    return { kind: "char", test: this.literal(char) };
  }

  private group(): Node {
    if (this.peek() === "?" && !this.skip("?:")) throw new PatternError("only plain groups are understood");
    if (++this.depth > depthMax) throw new PatternError("groups are nested too deeply");
    const node = this.choice();
    if (!this.skip(")")) throw new PatternError("a group does not end");
    this.depth--;
    return node;
  }

  private escape(): Node {
    const char = this.next();
    if (char === "A") return { kind: "start" };
    if (char === "Z") return { kind: "end" };
    const ofClass = Object.hasOwn(classEscapes, char) ? classEscapes[char] : undefined;
    return { kind: "char", test: ofClass ?? this.literal(this.escaped(char)) };
  }

  private escaped(char: string): string {
    if (Object.hasOwn(charEscapes, char)) return charEscapes[char] ?? char;
    if (char === "u" || char === "x") return this.codePoint(char === "u" ? 4 : 2);
    if (/^[\p{L}\p{N}]$/u.test(char)) throw new PatternError("an escape is not understood");
    return char;
  }

  private codePoint(length: number): string {
    const digits = Array.from({ length }, () => this.next()).join("");
    if (!/^[\da-f]+$/i.test(digits)) throw new PatternError("a code point is not hexadecimal");
    return String.fromCodePoint(Number.parseInt(digits, 16));
  }

  private charClass(): CharTest {
    const isNegated = this.skip("^");
    const tests: CharTest[] = [];
    do tests.push(this.classMember());
    while (!this.skip("]"));
    const test: CharTest = (char) => tests.some((one) => one(char));
    return rememberedTest(isNegated ? not(test) : test);
  }

  private classMember(): CharTest {
    if (this.skip("[:")) {
      let name = "";
      while (!this.skip(":]")) name += this.next();
      const test = Object.hasOwn(classNames, name) ? classNames[name] : undefined;
      if (test === undefined) throw new PatternError("a class is not known");
      return this.folded(test);
    }
    const from = this.next();
    if (from === "\\" && Object.hasOwn(classEscapes, this.peek())) return classEscapes[this.next()] ?? not(() => true);
    const first = from === "\\" ? this.escaped(this.next()) : from;
    if (this.peek() !== "-" || this.peek(1) === "]" || this.peek(1) === "") return this.literal(first);
    this.next();
    const to = this.next();
    const last = to === "\\" ? this.escaped(this.next()) : to;
    const [least, greatest] = [first.codePointAt(0) ?? 0, last.codePointAt(0) ?? 0];
    if (least > greatest) throw new PatternError("a range runs backwards");
    return this.folded((char) => {
      const code = char.codePointAt(0) ?? -1;
      return code >= least && code <= greatest;
    });
  }

  private literal(wanted: string): CharTest {
    return this.folded((char) => char === wanted);
  }

  private folded(test: CharTest): CharTest {
    return this.isCaseSensitive ? test : (char) => test(char) || test(char.toLowerCase()) || test(char.toUpperCase());
  }
}

/** Appends the program of a node; targets of forks are indexes into it. */
const assemble = (node: Node, steps: Step[]): void => {
  if (steps.length > stepsMax) throw new PatternError("the pattern is too large");
  switch (node.kind) {
    case "char":
    case "start":
    case "end":
      steps.push(node);
      return;
    case "sequence":
      for (const part of node.of) assemble(part, steps);
      return;
    case "choice":
      assembleChoice(node.of, steps);
      return;
    case "repeat":
      assembleRepeat(node, steps);
      return;
    default:
      node satisfies never;
  }
};

const assembleChoice = (of: readonly Node[], steps: Step[]): void => {
  const fork: { kind: "fork"; to: number[] } = { kind: "fork", to: [] };
  steps.push(fork);
  const exits = of.map((part) => {
    fork.to.push(steps.length);
    assemble(part, steps);
    const exit: { kind: "fork"; to: number[] } = { kind: "fork", to: [] };
    steps.push(exit);
    return exit;
  });
  for (const exit of exits) exit.to.push(steps.length);
};

const assembleRepeat = ({ of, min, max }: Extract<Node, { kind: "repeat" }>, steps: Step[]): void => {
  for (let count = 0; count < min; count++) assemble(of, steps);
  if (max === Number.POSITIVE_INFINITY) {
    const loop: { kind: "fork"; to: number[] } = { kind: "fork", to: [steps.length + 1] };
    const start = steps.length;
    steps.push(loop);
    assemble(of, steps);
    steps.push({ kind: "fork", to: [start] });
    loop.to.push(steps.length);
    return;
  }
  const skips: { kind: "fork"; to: number[] }[] = [];
  for (let count = min; count < max; count++) {
    const skip: { kind: "fork"; to: number[] } = { kind: "fork", to: [steps.length + 1] };
    steps.push(skip);
    skips.push(skip);
    assemble(of, steps);
  }
  for (const skip of skips) skip.to.push(steps.length);
};

/** Where all states are at one position; `isEnd` where no character follows. `seen` holds the last position a step was reached at, so that each is visited once. */
type Front = { open: number[]; position: number; isEnd: boolean; seen: Int32Array };

/** Every step reachable without reading a character. */
const closure = (steps: readonly Step[], { open, position, isEnd, seen }: Front): number[] => {
  const reached: number[] = [];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (seen[at] === position) continue;
    seen[at] = position;
    reached.push(at);
    const step = steps[at];
    if (step?.kind === "fork") for (const to of step.to) open.push(to);
    else if ((step?.kind === "start" && position === 0) || (step?.kind === "end" && isEnd)) open.push(at + 1);
  }
  return reached;
};

const run = (steps: readonly Step[], chars: readonly string[]): boolean => {
  const final = steps.length - 1;
  const seen = new Int32Array(steps.length).fill(-1);
  let open: number[] = [];
  for (let position = 0; position <= chars.length; position++) {
    open.push(0);
    const reached = closure(steps, { open, position, isEnd: position === chars.length, seen });
    if (seen[final] === position) return true;
    const char = chars[position] ?? "";
    open = [];
    for (const at of reached) {
      const step = steps[at];
      if (step?.kind === "char" && step.test(char)) open.push(at + 1);
    }
  }
  return false;
};

const compile = (pattern: string, isCaseSensitive: boolean): Step[] | undefined => {
  if (pattern.length > patternLengthMax) return undefined;
  const [, flags = ""] = /^\(\?([a-z]+)\)/.exec(pattern) ?? [];
  if (!/^[ic]*$/.test(flags)) return undefined;
  const rest = flags === "" ? pattern : pattern.slice(flags.length + 3);
  try {
    const steps: Step[] = [];
    assemble(new Parser(rest, flags === "" ? isCaseSensitive : flags.at(-1) === "c").parse(), steps);
    if (steps.length > stepsMax) return undefined;
    return [...steps, { kind: "match" }];
  } catch (error) {
    if (error instanceof PatternError) return undefined;
    throw error;
  }
};

/** Whether the text contains a match, as `text ~ pattern` says; undefined where the pattern is not understood. Longer texts than the bound do not match. Answers are remembered. */
export const compilePattern = (pattern: string, { isCaseSensitive = true } = {}): ((text: string) => boolean) | undefined => {
  const steps = compile(pattern, isCaseSensitive);
  if (steps === undefined) return undefined;
  const remembered = new Map<string, boolean>();
  return (text) => {
    if (text.length > textLengthMax) return false;
    const known = remembered.get(text);
    if (known !== undefined) return known;
    if (remembered.size >= rememberedMax) remembered.clear();
    const isMatch = run(steps, [...text]);
    remembered.set(text, isMatch);
    return isMatch;
  };
};

/** Steps of the compiled program, which its time grows with; undefined where the pattern is not understood. */
export const countPatternSteps = (pattern: string): number | undefined => compile(pattern, true)?.length;

const compiled = new Map<string, ((text: string) => boolean) | undefined>();
const compiledMax = 2000;

/** The same, remembered by pattern; a pattern that is not understood matches nothing. */
export const isPatternMatch = (pattern: string, text: string, isCaseSensitive = true): boolean => {
  const key = `${isCaseSensitive}${pattern}`;
  if (!compiled.has(key)) {
    if (compiled.size >= compiledMax) compiled.clear();
    compiled.set(key, compilePattern(pattern, { isCaseSensitive }));
  }
  return compiled.get(key)?.(text) ?? false;
};
