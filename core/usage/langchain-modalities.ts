/**
 * Usage: undoes what Langfuse's SDK for Python makes of Gemini's counts by modality when LangChain reports them: `input_modality_1` and so
 * on, taken off `input` and `output`, and cached ones taken off `input` once more. The numbers are those of Vertex's enum.
 */
import { readCount } from "./read-count.ts";

const modalities: Readonly<Record<string, string>> = { "1": "text", "2": "image", "3": "video", "4": "audio", "5": "document" };
const containers: Readonly<Record<string, string>> = {
  input: "prompt_tokens_details",
  output: "candidates_tokens_details",
  cached: "cache_tokens_details",
};

/** Returns the map in Gemini's names if it has such kinds, else the map itself. */
export const withoutLangchainModalities = (given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const details: Record<string, Record<string, number>> = {};
  const sums = { input: 0, output: 0, cached: 0 };
  const rest: Record<string, unknown> = Object.create(null);
  for (const [kind, value] of Object.entries(given)) {
    const [, side, name = ""] = /^(input|output|cached)_modality_(\w+)$/i.exec(kind) ?? [];
    const count = readCount(value);
    if (side === undefined || count === undefined) {
      rest[kind] = value;
      continue;
    }
    const container = containers[side.toLowerCase()] ?? "";
    details[container] = { ...details[container], [modalities[name] ?? name.toLowerCase()]: count };
    sums[side.toLowerCase() as keyof typeof sums] += count;
  }
  if (Object.keys(details).length === 0) return given;
  const { input, output, total, ...others } = rest;
  const [left, leftOutput] = [readCount(input) ?? 0, readCount(output) ?? 0];
  const isWhole = left + leftOutput === readCount(total);
  return {
    ...others,
    ...details,
    // Nothing is left of the input where cached tokens were taken off it twice.
    prompt_token_count: isWhole ? left : left + sums.input + (left > 0 ? sums.cached : 0),
    candidates_token_count: isWhole ? leftOutput : leftOutput + sums.output,
    ...(total === undefined ? {} : { total_token_count: total }),
  };
};
