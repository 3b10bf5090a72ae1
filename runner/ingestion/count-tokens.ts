/**
 * Counts tokens with the tokenizers OpenAI has published. Other vendors publish none, and a guess would be charged as a fact.
 * Texts above 200,000 characters are not counted. A run of only spaces or only non-spaces is counted in pieces of 128 characters, because
 * the time of one run grows with the square of its length: 50,000 equal Chinese characters took 28 s. Each cut can cost one token.
 * In pieces, the slowest text found (200,000 different Chinese characters; two shared cores) takes some seconds, with pauses for other
 * work. Memory: some 120 MB, loaded when the counter is opened.
 */
import type { Pieces } from "../../core/pieces.ts";

const textLengthMax = 200_000;
/** Matches code points, so that a surrogate pair is never cut. */
const longRun = /\S{128}|\s{128}/gu;

/** Treats special tokens in a text as plain text: nothing in a payload is a control sequence. */
const asText = { disallowedSpecial: new Set<string>() };

/** Counts the tokens of a text; undefined if the tokenizer is unknown or the text too long. */
export type CountInPieces = (tokenizer: string, text: string) => Pieces<number> | undefined;

/** Loads the tokenizers `o200k_base` and `cl100k_base`. */
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

/** Cuts the text after each 128 characters of a long run. */
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
