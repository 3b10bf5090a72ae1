/**
 * Models: the tokenizers used to count tokens, those OpenAI has published. Models by tokenizer:
 * https://github.com/openai/tiktoken/blob/main/tiktoken/model.py (read 2026-11).
 */

export const tokenizers = ["o200k_base", "cl100k_base"] as const;
type Tokenizer = (typeof tokenizers)[number];

const modelPatterns: readonly (readonly [RegExp, Tokenizer])[] = [
  [/^(ft:)?(gpt-4o|chatgpt-4o|gpt-4\.1|gpt-4\.5|gpt-5|o1|o3|o4)([-.:]|$)/, "o200k_base"],
  [/^(ft:)?(gpt-4|gpt-3\.5|gpt-35|text-embedding-3|text-embedding-ada-002)([-:]|$)/, "cl100k_base"],
];

/** Finds a tokenizer by its own name or by a model's; undefined if none is known. */
export const findTokenizer = (name: string): Tokenizer | undefined =>
  tokenizers.find((tokenizer) => tokenizer === name) ?? modelPatterns.find(([pattern]) => pattern.test(name))?.[1];
