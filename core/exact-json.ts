/**
 * JSON with every number as it was written: `1234567890123456789`, `0.10`, `1e400`. A number that JavaScript would print otherwise is parsed to an `ExactNumber`, which
 * JSON.stringify writes as it stood; all others are numbers. Nothing that was sent can pass for one: only this file makes them, and only of numbers.
 */

declare const exact: unique symbol;

/** A number of a JSON text that a double does not hold as it is written. Immutable. `typeof` says object: ask `isExactNumber` before looking into what may be one. An interface, so that it is no object of JSON to the compiler. */
export interface ExactNumber {
  readonly [exact]: "number";
}

/** ECMAScript's raw JSON, which TypeScript does not know yet: objects that JSON.stringify writes as they stand (https://tc39.es/proposal-json-parse-with-source/, read 2026-11-28). */
const json = JSON as unknown as { rawJSON: (text: string) => ExactNumber; isRawJSON: (value: unknown) => value is ExactNumber };

export const isExactNumber = (value: unknown): value is ExactNumber => typeof value === "object" && json.isRawJSON(value);

/** What JSON.parse gives, but for exact numbers. Throws its SyntaxError. Takes any depth; linear in the text, and as fast as JSON.parse where every number is a plain one. */
export const parseExactJson = (text: string): unknown => {
  if (!mayHoldExact.test(text)) return JSON.parse(text);
  const { marked, numbers } = markNumbers(text);
  return numbers.length === 0 ? JSON.parse(text) : withExactNumbers(JSON.parse(marked), numbers);
};

/** The double nearest to it, which may be infinite; any other value as it is. */
export const plainNumber = <Value>(value: Value): Exclude<Value, ExactNumber> | number =>
  isExactNumber(value) ? Number(JSON.stringify(value)) : (value as Exclude<Value, ExactNumber>);

/** With plain numbers throughout, for what is counted and not kept. Recursion is as deep as the JSON. */
export const plainNumbers = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null) return value;
  if (isExactNumber(value)) return plainNumber(value);
  if (Array.isArray(value)) return value.map(plainNumbers);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainNumbers(inner)]));
};

/** Whether there may be a number JavaScript prints otherwise: 16 digits or more, an exponent, a fraction that ends in 0 or begins with six of them, a minus zero. Also found inside of strings. */
const mayHoldExact = /[\d.]{16}|\d[eE][-+\d]|\.\d*0[\s,\]}]|\.\d*0$|-0[\s,\]}]|-0$|0\.000000/;

/**
 * The text with a mark, itself a number, in the place of each such number. Numbers that look like marks are marked as well, so that every mark in what is parsed is one of ours.
 * Duplicate keys, invalid text and depth are left to JSON.parse: a reviver would see the numbers too, but follows the document by recursion.
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
      // What is no number of JSON is refused here, as JSON.parse would.
      const mark = marks.get(source) ?? markOf(numbers.push(json.rawJSON(source)) - 1);
      if (marks.size < sharedMax) marks.set(source, mark);
      marked += text.slice(copied, begin) + mark;
      copied = at;
    } else at++;
  }
  return { marked: marked + text.slice(copied), numbers };
};

/** Numbers that are made once for all their places: those that repeat, such as `1.0`, are among the first. */
const sharedMax = 1000;

const quoteCode = 0x22;
const minusCode = 0x2d;
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/** Behind the quote that ends it: the first with an even number of backslashes before. */
const endOfString = (text: string, open: number): number => {
  for (let quote = text.indexOf('"', open + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return text.length;
};

/** Behind all characters that may belong to it, so that none is taken for a number of its own. */
const endOfNumber = (text: string, begin: number): number => {
  for (let at = begin + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    // . e E + -
    if (!isDigit(code) && code !== 0x2e && code !== 0x65 && code !== 0x45 && code !== 0x2b && code !== minusCode) return at;
  }
  return text.length;
};

/** Whether JavaScript prints it as it stands. Short integers need no look at the double. */
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

/** Changes what was parsed in place, without recursion. */
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

/** A key may be `__proto__`: as an own one, which JSON.parse makes it, it is set like any other. */
const replaceFields = (object: object, read: (value: unknown) => unknown): void => {
  const fields = object as { [key: string]: unknown };
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    const exactValue = read(value);
    if (exactValue !== value) fields[key] = exactValue;
  }
};
