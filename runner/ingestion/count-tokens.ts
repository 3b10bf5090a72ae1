/**
 * Counts tokens with the tokenizers OpenAI has published; other makers have published none, and a guess would be charged as a fact.
 * Bounds: texts above 200,000 characters are not counted at all. A run without (or of nothing but) spaces is counted in pieces of 128 characters,
 * because the time of one run grows with the square of its length: 50,000 equal Chinese characters took 28 s as one run. In pieces the slowest text
 * found of the greatest length takes 0.5 s (two shared cores). Each cut can cost one token. Memory: some 120 MB, loaded when the counter is opened.
 */
import type { CountTokens } from "../../core/models/usage-and-cost.ts";

const textLengthMax = 200_000;
/** Code points, so that no pair is cut. */
const longRun = /\S{128}|\s{128}/gu;

/** Text that looks like a special token is text: nothing in a payload is a control sequence. */
const asText = { disallowedSpecial: new Set<string>() };

/** Ready to count `o200k_base` and `cl100k_base`; undefined for every other tokenizer and for texts that are too long. */
export const openTokenCounter = async (): Promise<CountTokens> => {
  const [o200k, cl100k] = await Promise.all([import("gpt-tokenizer/encoding/o200k_base"), import("gpt-tokenizer/encoding/cl100k_base")]);
  const counters = new Map([
    ["o200k_base", o200k.countTokens],
    ["cl100k_base", cl100k.countTokens],
  ]);
  return (tokenizer, text) => {
    const count = counters.get(tokenizer);
    if (count === undefined || text.length > textLengthMax) return undefined;
    return pieces(text).reduce((sum, piece) => sum + count(piece, asText), 0);
  };
};

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
