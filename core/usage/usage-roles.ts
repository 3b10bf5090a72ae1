/**
 * Usage: what a token count can mean, and the kind it becomes. Kinds are disjoint: each token is in exactly one, so that kinds add up and
 * each has a price.
 */

type Role = {
  /** Kind in `usage_details`; null: read only to interpret other counts. */
  kind: string | null;
  /** The whole it is part of; null for a whole. */
  of: string | null;
  meaning: string;
};

export const usageRoles = {
  input: { kind: "input", of: null, meaning: "all tokens the model read" },
  output: { kind: "output", of: null, meaning: "all tokens the model wrote" },
  total: { kind: "total", of: null, meaning: "input and output together" },
  freshInput: { kind: "input", of: "input", meaning: "input neither read from nor written to a cache" },
  cacheRead: { kind: "input_cached_tokens", of: "input", meaning: "tokens read from a cache" },
  cacheWrite: { kind: "input_cache_creation", of: "input", meaning: "tokens written to a cache" },
  cacheWrite5m: { kind: "input_cache_creation_5m", of: "cacheWrite", meaning: "tokens written to a cache for five minutes" },
  cacheWrite1h: { kind: "input_cache_creation_1h", of: "cacheWrite", meaning: "tokens written to a cache for an hour" },
  toolPrompt: { kind: "input", of: "input", meaning: "results of built-in tools that the model read" },
  inputText: { kind: "input", of: "input", meaning: "text in the input" },
  inputAudio: { kind: "input_audio_tokens", of: "input", meaning: "audio in the input" },
  inputImage: { kind: "input_image_tokens", of: "input", meaning: "images in the input" },
  inputVideo: { kind: "input_video_tokens", of: "input", meaning: "video in the input" },
  inputDocument: { kind: "input_document_tokens", of: "input", meaning: "documents in the input" },
  cachedText: { kind: "input_cached_tokens", of: "cacheRead", meaning: "text read from a cache" },
  cachedAudio: { kind: "input_cached_tokens", of: "cacheRead", meaning: "audio read from a cache" },
  cachedImage: { kind: "input_cached_tokens", of: "cacheRead", meaning: "images read from a cache" },
  cachedVideo: { kind: "input_cached_tokens", of: "cacheRead", meaning: "video read from a cache" },
  cachedDocument: { kind: "input_cached_tokens", of: "cacheRead", meaning: "documents read from a cache" },
  reasoning: { kind: "output_reasoning_tokens", of: "output", meaning: "reasoning" },
  outputText: { kind: "output", of: "output", meaning: "text in the output" },
  outputAudio: { kind: "output_audio_tokens", of: "output", meaning: "audio in the output" },
  outputImage: { kind: "output_image_tokens", of: "output", meaning: "images in the output" },
  outputVideo: { kind: "output_video_tokens", of: "output", meaning: "video in the output" },
  acceptedPrediction: { kind: "output_accepted_prediction_tokens", of: "output", meaning: "tokens predicted by the caller and used" },
  rejectedPrediction: { kind: "output_rejected_prediction_tokens", of: "output", meaning: "tokens predicted by the caller and not used" },
  detail: { kind: null, of: "a part", meaning: "a part of a part that has the same kind" },
  noTokens: { kind: null, of: null, meaning: "not a token count: a time, a cost, a number of calls" },
} as const satisfies Record<string, Role>;

export type UsageRole = keyof typeof usageRoles;
/** Roles whose counts are used. */
export type CountedRole = Exclude<UsageRole, "detail" | "noTokens">;

export const inputModalities = ["inputAudio", "inputImage", "inputVideo", "inputDocument"] as const;
export const outputModalities = ["outputAudio", "outputImage", "outputVideo"] as const;

/** Returns whether the role's tokens are part of the input, directly or through another part. */
export const isInputRole = (role: UsageRole): boolean => {
  const { of } = usageRoles[role];
  return role === "input" || of === "input" || of === "cacheWrite" || of === "cacheRead";
};
export const isOutputRole = (role: UsageRole): boolean => role === "output" || usageRoles[role].of === "output";
