/**
 * JSON that keeps every number as written, such as `0.10` or `1e400`. A number JavaScript would print differently becomes an `ExactNumber`,
 * which JSON.stringify writes verbatim. Input cannot forge one: only this file makes them, and only from numbers.
 */

declare const exact: unique symbol;

/**
 * A JSON number that a double cannot hold as written. Immutable. Its `typeof` is object: call `isExactNumber` before looking into a value.
 * Declared as an interface so that the compiler does not take it for a JSON object.
 */
export interface ExactNumber {
  readonly [exact]: "number";
}

/**
 * ECMAScript's raw JSON, not yet known to TypeScript: objects that JSON.stringify writes verbatim
 * (https://tc39.es/proposal-json-parse-with-source/, read 2026-11-28).
 */
const json = JSON as unknown as { rawJSON: (text: string) => ExactNumber; isRawJSON: (value: unknown) => value is ExactNumber };

export const isExactNumber = (value: unknown): value is ExactNumber => typeof value === "object" && json.isRawJSON(value);

/**
 * Parses like JSON.parse, except for exact numbers; throws its SyntaxError. Accepts any depth; linear in the text, and as fast as
 * JSON.parse if all numbers are plain.
 */
export const parseExactJson = (text: string): unknown => {
  if (!mayHoldExact.test(text)) return JSON.parse(text);
  const { marked, numbers } = markNumbers(text);
  return numbers.length === 0 ? JSON.parse(text) : withExactNumbers(JSON.parse(marked), numbers);
};

/**
 * Does the same for the JSON of Python, which writes NaN and the infinities as bare words. They become texts, as in OTLP/JSON, because JSON
 * has no such numbers. Throws the SyntaxError of the text as sent.
 */
export const parsePythonJson = (text: string): unknown => {
  try {
    return parseExactJson(text);
  } catch (error) {
    const quoted = mayHoldNonFinite.test(text) ? quoteNonFinite(text) : text;
    if (quoted === text) throw error;
    return parseExactJson(quoted);
  }
};

/** Also matches inside strings. */
const mayHoldNonFinite = /(?:^|[[:,\s])-?(?:NaN|Infinity)(?:[\s,\]}]|$)/;

const quoteNonFinite = (text: string): string => {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const open = text.indexOf('"', at);
    const outside = text.slice(at, open === -1 ? text.length : open);
    parts.push(outside.replace(/(?<![\w.-])-?(?:NaN|Infinity)(?![\w.])/g, '"$&"'));
    if (open === -1) break;
    at = endOfString(text, open);
    parts.push(text.slice(open, at));
  }
  return parts.join("");
};

/** Returns the nearest double, which may be infinite; any other value unchanged. */
export const plainNumber = <Value>(value: Value): Exclude<Value, ExactNumber> | number =>
  isExactNumber(value) ? Number(JSON.stringify(value)) : (value as Exclude<Value, ExactNumber>);

/** Makes all numbers plain, for values that are counted and not stored. Recursion is as deep as the JSON. */
export const plainNumbers = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null) return value;
  if (isExactNumber(value)) return plainNumber(value);
  if (Array.isArray(value)) return value.map(plainNumbers);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainNumbers(inner)]));
};

/**
 * Matches numbers that JavaScript may print differently: 16 or more digits, an exponent, a fraction that ends in 0 or begins with six
 * zeros, a minus zero. Also matches inside strings.
 */
const mayHoldExact = /[\d.]{16}|\d[eE][-+\d]|\.\d*0[\s,\]}]|\.\d*0$|-0[\s,\]}]|-0$|0\.000000/;

/**
 * Replaces each such number with a mark, itself a number. Numbers that look like marks are marked too, so every mark in the parsed value is
 * ours. Duplicate keys, invalid text and depth are left to JSON.parse: a reviver would recurse.
 */
const markNumbers = (text: string): { marked: string; numbers: ExactNumber[] } => {
  const numbers: ExactNumber[] = [];
  const marks = new Map<string, string>();
  let marked = "";
  let copied = 0;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === quoteCode) {
      at = endOfString(text, at);
    } else if (isDigit(code) || code === minusCode) {
      const begin = at;
      at = endOfNumber(text, begin);
      const source = text.slice(begin, at);
      if (isPlain(source)) continue;
      // Throws for an invalid JSON number, as JSON.parse would.
      const mark = marks.get(source) ?? markOf(numbers.push(json.rawJSON(source)) - 1);
      if (marks.size < sharedMax) marks.set(source, mark);
      marked += text.slice(copied, begin) + mark;
      copied = at;
    } else at++;
  }
  return { marked: marked + text.slice(copied), numbers };
};

/** Maximum numbers shared between occurrences: repeated ones, such as `1.0`, are among the first. */
const sharedMax = 1000;

const quoteCode = 0x22;
const minusCode = 0x2d;
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/** Returns the position after the closing quote: the first with an even number of backslashes before it. */
const endOfString = (text: string, open: number): number => {
  for (let quote = text.indexOf('"', open + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return text.length;
};

/** Returns the position after all characters that may belong to the number, so that none is read as a number of its own. */
const endOfNumber = (text: string, begin: number): number => {
  for (let at = begin + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    // . e E + -
    if (!isDigit(code) && code !== 0x2e && code !== 0x65 && code !== 0x45 && code !== 0x2b && code !== minusCode) return at;
  }
  return text.length;
};

/** Returns whether JavaScript prints it verbatim. Short integers need no conversion to a double. */
const isPlain = (source: string): boolean => {
  if (source.length < 16 && /^-?[1-9]\d*$|^0$/.test(source)) return true;
  const number = Number(source);
  return String(number) === source && !isMark(number);
};

/** Marks are `-1e300`, `-2e300` and so on, more than a text can hold numbers. */
const markScale = 1e300;
const markOf = (index: number): string => `-${index + 1}e300`;
const isMark = (number: number): boolean => number < -markScale / 2;
const indexOfMark = (mark: number): number => Math.round(-mark / markScale) - 1;

/** Modifies the parsed value in place, without recursion. */
const withExactNumbers = (parsed: unknown, numbers: readonly ExactNumber[]): unknown => {
  const whole = [parsed];
  const waiting: object[] = [whole];
  const read = (value: unknown): unknown => {
    if (typeof value === "number") return isMark(value) ? numbers[indexOfMark(value)] : value;
    if (typeof value === "object" && value !== null) waiting.push(value);
    return value;
  };
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (Array.isArray(next)) for (let at = 0; at < next.length; at++) next[at] = read(next[at]);
    else replaceFields(next, read);
  }
  return whole[0];
};

/** A key may be `__proto__`: JSON.parse makes it an own property, which is set like any other. */
const replaceFields = (object: object, read: (value: unknown) => unknown): void => {
  const fields = object as { [key: string]: unknown };
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    const exactValue = read(value);
    if (exactValue !== value) fields[key] = exactValue;
  }
};
