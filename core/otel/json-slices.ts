/**
 * OpenTelemetry, decoding: locates members, items and value ends in UTF-8 JSON, so that only one slice at a time becomes a value. Skipped
 * values are scanned only for brackets and strings; parsing their slice reveals invalid JSON. Never recurses.
 */

/**
 * A value's bytes, from its first character to just past its last. `values`: upper bound of the values in it, counted by commas and
 * brackets.
 */
export type Slice = { from: number; to: number; values: number };

/** Thrown if the text is not JSON. */
export class JsonFault extends Error {}

export const sliceOf = (bytes: Uint8Array): Slice => {
  const slice = valueAt(bytes, behindSpace(bytes, isMarked(bytes) ? 3 : 0));
  if (behindSpace(bytes, slice.to) !== bytes.length) throw new JsonFault("there is text after the value");
  return slice;
};

/** Starts with a byte order mark, which UTF-8 allows. */
const isMarked = (bytes: Uint8Array): boolean => bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;

export const isObjectAt = (bytes: Uint8Array, { from }: Slice): boolean => bytes[from] === openBrace;
export const isListAt = (bytes: Uint8Array, { from }: Slice): boolean => bytes[from] === openBracket;

/** Yields the items of a slice that begins with a bracket. */
export function* itemsOf(bytes: Uint8Array, { from }: Slice): Generator<Slice, void> {
  let at = behindSpace(bytes, from + 1);
  if (bytes[at] === closeBracket) return;
  for (;;) {
    const item = valueAt(bytes, at);
    yield item;
    at = behindSpace(bytes, item.to);
    const next = bytes[at];
    if (next === closeBracket) return;
    if (next !== comma) throw new JsonFault("a list is not closed");
    at = behindSpace(bytes, at + 1);
  }
}

/** Yields the name and value of each member of a slice that begins with a brace, duplicates included. */
export function* membersOf(bytes: Uint8Array, { from }: Slice): Generator<[name: string, value: Slice], void> {
  let at = behindSpace(bytes, from + 1);
  if (bytes[at] === closeBrace) return;
  for (;;) {
    if (bytes[at] !== quote) throw new JsonFault("a name is missing");
    const end = endOfString(bytes, at);
    const name = parseSlice(bytes, { from: at, to: end });
    at = behindSpace(bytes, end);
    if (typeof name !== "string" || bytes[at] !== colon) throw new JsonFault("a name has no value");
    const value = valueAt(bytes, behindSpace(bytes, at + 1));
    yield [name, value];
    at = behindSpace(bytes, value.to);
    const next = bytes[at];
    if (next === closeBrace) return;
    if (next !== comma) throw new JsonFault("an object is not closed");
    at = behindSpace(bytes, at + 1);
  }
}

/** Throws JsonFault, also for bytes that are not UTF-8: they would be stored as a different character than was sent. Memory: the value. */
export const parseSlice = (bytes: Uint8Array, slice: { from: number; to: number }): unknown => parseText(textOf(bytes, slice));

/** Throws JsonFault. */
export const parseText = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new JsonFault("a value is not JSON", { cause });
  }
};

/** Throws JsonFault if the bytes are not UTF-8. */
export const textOf = (bytes: Uint8Array, { from, to }: { from: number; to: number }): string => {
  try {
    return utf8.decode(bytes.subarray(from, to));
  } catch (cause) {
    throw new JsonFault("a value is not UTF-8", { cause });
  }
};

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Returns the position after the quote that closes the string opened at `open`: the first quote preceded by an even number of backslashes.
 * Returns the end of the bytes if there is none.
 */
const endOfString = (bytes: Uint8Array, open: number): number => {
  for (let end = bytes.indexOf(quote, open + 1); end !== -1; end = bytes.indexOf(quote, end + 1)) {
    let backslashes = 0;
    while (bytes[end - 1 - backslashes] === backslash) backslashes++;
    if (backslashes % 2 === 0) return end + 1;
  }
  return bytes.length;
};

const quote = 34;
const comma = 44;
const colon = 58;
const openBracket = 91;
const backslash = 92;
const closeBracket = 93;
const openBrace = 123;
const closeBrace = 125;

const isSpace = (code: number | undefined): boolean => code === 32 || code === 10 || code === 13 || code === 9;

const behindSpace = (bytes: Uint8Array, from: number): number => {
  let at = from;
  while (isSpace(bytes[at])) at++;
  return at;
};

/** Returns the value that begins at `from`. Throws JsonFault if none begins there or it does not end. */
const valueAt = (bytes: Uint8Array, from: number): Slice => {
  let values = 1;
  let depth = 0;
  for (let at = from; at < bytes.length; ) {
    const code = bytes[at];
    if (code === quote) at = endOfString(bytes, at);
    else {
      if (code === openBrace || code === openBracket) {
        depth++;
        values++;
      } else if (code === closeBrace || code === closeBracket) {
        if (depth === 0) break;
        depth--;
      } else if (code === comma) {
        if (depth === 0) break;
        values++;
      } else if (depth === 0) {
        const to = endOfScalar(bytes, at);
        if (to === at) break;
        return { from, to, values };
      }
      at++;
    }
    if (depth === 0) return { from, to: at, values };
  }
  throw new JsonFault("a value is missing or does not end");
};

/** Skips a number, true, false or null, or whatever stands in its place. */
const endOfScalar = (bytes: Uint8Array, from: number): number => {
  let at = from;
  for (; at < bytes.length; at++) {
    const code = bytes[at];
    if (isSpace(code) || code === comma || code === colon || code === quote || code === closeBrace || code === closeBracket) break;
  }
  return at;
};
