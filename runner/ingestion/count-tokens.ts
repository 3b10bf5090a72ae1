/**
 * Counts tokens with the tokenizers OpenAI has published; other makers have published none, and a guess would be charged as a fact.
 * Bounds: texts above 200,000 characters are not counted at all. A run without (or of nothing but) spaces is counted in pieces of 128 characters,
 * because the time of one run grows with the square of its length: 50,000 equal Chinese characters took 28 s as one run. In pieces the slowest text
 * found of the greatest length takes some seconds (200,000 different Chinese characters; two shared cores), in which others have their turns. Each cut can cost one token. Memory: some 120 MB, loaded when the counter is opened.
 */
import type { Pieces } from "../../core/pieces.ts";

const textLengthMax = 200_000;
/** Code points, so that no pair is cut. */
const longRun = /\S{128}|\s{128}/gu;

/** Text that looks like a special token is text: nothing in a payload is a control sequence. */
const asText = { disallowedSpecial: new Set<string>() };

/** Tokens of a text; undefined where the tokenizer is not known or the text is too long to be counted. */
export type CountInPieces = (tokenizer: string, text: string) => Pieces<number> | undefined;

/** Ready to count `o200k_base` and `cl100k_base`. */
export const openTokenCounter = async (): Promise<CountInPieces> => {
  const [o200k, cl100k] = await Promise.all([import("gpt-tokenizer/encoding/o200k_base"), import("gpt-tokenizer/encoding/cl100k_base")]);
  const counters = new Map([
    ["o200k_base", o200k.countTokens],
    ["cl100k_base", cl100k.countTokens],
  ]);
  return (tokenizer, text) => {
    const count = counters.get(tokenizer);
    return count === undefined || text.length > textLengthMax ? undefined : counted(pieces(text), (piece) => count(piece, asText));
  };
};

function* counted(parts: readonly string[], count: (part: string) => number): Pieces<number> {
  let sum = 0;
  for (const part of parts) {
    sum += count(part);
    yield;
  }
  return sum;
}

/** The text, cut after each 128 characters of a long run. */
const pieces = (text: string): string[] => {
  const found: string[] = [];
  let start = 0;
  for (const match of text.matchAll(longRun)) {
    const end = match.index + match[0].length;
    found.push(text.slice(start, end));
    start = end;
  }
  if (start < text.length) found.push(text.slice(start));
  return found;
};
