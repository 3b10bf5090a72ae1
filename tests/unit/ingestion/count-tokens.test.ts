import { beforeAll, describe, expect, it } from "vitest";
import type { CountTokens } from "../../../core/models/usage-and-cost.ts";
import { finish } from "../../../core/pieces.ts";
import { openTokenCounter } from "../../../runner/ingestion/count-tokens.ts";

describe("counting tokens", () => {
  let countTokens: CountTokens;
  beforeAll(async () => {
    const count = await openTokenCounter();
    countTokens = (tokenizer, text) => {
      const counting = count(tokenizer, text);
      return counting && finish(counting);
    };
  });

  it.each([
    ["o200k_base", "", 0],
    ["o200k_base", "hello world", 2],
    ["cl100k_base", "hello world", 2],
    ["cl100k_base", "tiktoken is great!", 6],
    ["o200k_base", "a <|endoftext|> b", 9],
  ])("%s of %j is as published", (tokenizer, text, count) => {
    expect(countTokens(tokenizer, text)).toBe(count);
  });

  it("of an unknown tokenizer or of a text that is too long is undefined", () => {
    expect(countTokens("claude", "x")).toBeUndefined();
    expect(countTokens("o200k_base", "x ".repeat(100_001))).toBeUndefined();
  });

  it("of long runs is done in short pieces, with others in between", async () => {
    const count = await openTokenCounter();
    for (const text of ["漢".repeat(200_000), " ".repeat(200_000), "ab".repeat(100_000)]) {
      let pieces = 0;
      for (const _ of count("o200k_base", text) ?? []) pieces++;
      expect(pieces).toBeGreaterThanOrEqual(text.length / 128 - 1);
      expect(countTokens("o200k_base", text)).toBeGreaterThan(1000);
    }
  });

  it("of prose is not changed by the cuts", () => {
    const sentence = "The quick brown fox jumps over the lazy dog. ";
    const one = countTokens("o200k_base", sentence.trim()) ?? 0;
    expect(countTokens("o200k_base", sentence.repeat(1000).trim())).toBe(one * 1000);
  });
});
