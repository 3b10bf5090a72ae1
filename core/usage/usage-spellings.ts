/**
 * Usage: every name under which clients send token counts, and its meaning. A new spelling is one line here; `docs/usage.md` and the tests
 * follow.
 * A name is a snake_case path: `cachedContentTokenCount` is `cached_content_token_count`, `{"cache_creation": {"ephemeral_5m_input_tokens":
 * 3}}` is `cache_creation.ephemeral_5m_input_tokens`, a list of modalities is `prompt_tokens_details.text`. Span attributes have a prefix
 * before it.
 */
import type { UsageRole } from "./usage-roles.ts";
import type { UsageSource } from "./usage-sources.ts";

export type UsageSpelling = {
  path: string;
  role: UsageRole;
  sources: readonly UsageSource[];
  /** Wholes that exclude this part in provider objects; `*`: all. Wholes in span attributes include their parts. */
  beside?: readonly string[];
  /** A kind in the vocabulary of Langfuse's SDKs. A map with only such names and custom ones is kept unchanged. */
  isKind?: true;
  /** For output: excludes reasoning, whatever the whole includes. */
  isWithoutReasoning?: true;
  /** Valid only as a span attribute; in a usage map it is a custom kind. */
  isSpanOnly?: true;
};

/** Objects that hold the parts of input or output: each is treated as the name it is listed under in `usageSpellings`. */
export const detailContainers = {
  input_details: [
    "prompt_tokens_details",
    "input_tokens_details",
    "input_token_details",
    "prompt_token_details",
    "prompt_details",
    "input_tokens",
  ],
  output_details: [
    "completion_tokens_details",
    "output_tokens_details",
    "output_token_details",
    "completion_token_details",
    "completion_details",
    "output_tokens",
  ],
} as const;

/** Prefixes of usage attributes, in order; the rest of the name is a path. A prefix in `usageInnerPrefixes` after it is skipped. */
export const usagePrefixes = ["gen_ai.usage.", "llm.token_count.", "llm.usage.", "ai.usage."] as const;
export const usageInnerPrefixes = ["details.", "experimental."] as const;
/** Attributes that hold an object of counts, as JSON text or as a map. */
export const usageObjectNames = ["gen_ai.usage", "llm.usage", "mlflow.chat.tokenUsage", "langsmith.usage_metadata"] as const;

const anthropicInput = ["input_tokens", "input_token_count"];

const of = (
  role: UsageRole,
  sources: readonly UsageSource[],
  paths: readonly string[],
  more: Omit<UsageSpelling, "path" | "role" | "sources"> = {},
): UsageSpelling[] => paths.map((path) => ({ path, role, sources, ...more }));

/** Per role, the first count above zero wins. */
export const usageSpellings: readonly UsageSpelling[] = [
  // Wholes.
  ...of(
    "input",
    ["semconv", "openai", "anthropic", "bedrock", "langchain", "aiSdk", "springAi", "mlflow", "claudeCode", "genkit"],
    ["input_tokens"],
  ),
  ...of("input", ["oldSemconv", "openai", "openllmetry", "litellm", "groq", "deepseek", "xai", "mistral", "aiSdk"], ["prompt_tokens"]),
  ...of("input", ["gemini", "adk"], ["prompt_token_count"]),
  ...of("input", ["bedrock", "dotnet", "watsonx"], ["input_token_count"]),
  ...of("input", ["bedrock"], ["input_text_token_count"]),
  ...of("input", ["openinference"], ["prompt"]),
  ...of("input", ["interactions"], ["total_input_tokens"]),
  ...of("input", ["pydantic"], ["request_tokens"]),
  ...of("input", ["cohere"], ["billed_units.input_tokens", "tokens.input_tokens"]),
  ...of("input", ["aiSdk"], ["input_tokens.total"]),
  ...of("input", ["ollama"], ["prompt_eval_count"]),
  ...of("input", ["langfuse"], ["input"], { isKind: true }),
  ...of(
    "output",
    ["semconv", "openai", "anthropic", "bedrock", "langchain", "aiSdk", "springAi", "mlflow", "claudeCode", "genkit"],
    ["output_tokens"],
  ),
  ...of("output", ["oldSemconv", "openai", "openllmetry", "litellm", "groq", "deepseek", "xai", "mistral", "aiSdk"], ["completion_tokens"]),
  ...of("output", ["gemini", "adk"], ["candidates_token_count", "response_token_count"], { isWithoutReasoning: true }),
  ...of("output", ["bedrock", "dotnet"], ["output_token_count"]),
  ...of("output", ["bedrock"], ["generation_token_count"]),
  ...of("output", ["watsonx"], ["generated_token_count"]),
  ...of("output", ["openinference"], ["completion"]),
  ...of("output", ["interactions"], ["total_output_tokens"], { isWithoutReasoning: true }),
  ...of("output", ["pydantic"], ["response_tokens"]),
  ...of("output", ["cohere"], ["billed_units.output_tokens", "tokens.output_tokens"]),
  ...of("output", ["aiSdk"], ["output_tokens.total"]),
  ...of("output", ["ollama"], ["eval_count"]),
  ...of("output", ["langfuse"], ["output"], { isKind: true }),
  ...of("total", ["openai", "openllmetry", "springAi", "aiSdk", "bedrock", "litellm", "mlflow"], ["total_tokens"]),
  ...of("total", ["gemini", "adk", "dotnet"], ["total_token_count"]),
  ...of("total", ["langfuse", "openinference"], ["total"], { isKind: true }),
  ...of("total", ["aiSdk"], ["tokens"], { isSpanOnly: true }),

  // Cache reads.
  ...of("cacheRead", ["semconv"], ["cache_read.input_tokens"]),
  ...of("cacheRead", ["anthropic", "bedrock", "openllmetry", "strands", "litellm"], ["cache_read_input_tokens"], {
    beside: anthropicInput,
    isKind: true,
  }),
  ...of("cacheRead", ["bedrock"], ["cache_read_input_token_count"], { beside: anthropicInput }),
  ...of("cacheRead", ["pydantic", "claudeCode"], ["cache_read_tokens"]),
  ...of("cacheRead", ["langfuse"], ["input_cached_tokens", "input_cache_read", "input_cache_read_tokens"], { isKind: true }),
  ...of("cacheRead", ["openai", "xai"], ["input_details.cached_tokens"]),
  ...of("cacheRead", ["openinference", "langchain"], ["input_details.cache_read"]),
  ...of("cacheRead", ["aiSdk"], ["input_details.cache_read_tokens", "cached_input_tokens", "cached_prompt_tokens"]),
  ...of("cacheRead", ["sentry"], ["input_details.cached"]),
  ...of("cacheRead", ["litellm"], ["input_details.cache_read_input_tokens"]),
  ...of("cacheRead", ["openinference"], ["input_details.cache_input"]),
  ...of("cacheRead", ["gemini", "adk"], ["cached_content_token_count"]),
  ...of("cacheRead", ["genkit", "pydantic"], ["cached_content_tokens"]),
  ...of("cacheRead", ["interactions"], ["total_cached_tokens"]),
  ...of("cacheRead", ["deepseek"], ["prompt_cache_hit_tokens"]),
  ...of("cacheRead", ["moonshot", "cohere", "pydantic"], ["cached_tokens"]),
  ...of("cacheRead", ["dotnet"], ["cached_input_token_count"]),
  ...of("cacheRead", ["langchain"], ["input_details.flex_cache_read", "input_details.priority_cache_read"]),
  ...of("cacheRead", ["langfuse"], ["input_flex_cache_read", "input_priority_cache_read"], { isKind: true }),
  ...of("cacheRead", ["livekit"], ["prompt_cached_tokens"]),
  ...of("cacheRead", ["ollama"], ["prompt_eval_cached_count"]),
  ...of("cacheRead", ["pi"], ["cache_read"], { beside: ["input"], isKind: true }),
  ...of("cacheRead", ["opencode"], ["cache.read"], { beside: ["input"] }),
  ...of("freshInput", ["deepseek"], ["prompt_cache_miss_tokens"]),
  ...of("freshInput", ["aiSdk"], ["input_details.no_cache_tokens", "input_details.no_cache"]),
  ...of("cachedText", ["openai"], ["input_details.cached_tokens_details.text_tokens"]),
  ...of("cachedAudio", ["openai"], ["input_details.cached_tokens_details.audio_tokens"]),
  ...of("cachedImage", ["openai"], ["input_details.cached_tokens_details.image_tokens"]),
  ...of("cachedText", ["semconv"], ["text.cache_read.input_tokens"]),
  ...of("cachedAudio", ["semconv"], ["audio.cache_read.input_tokens"]),
  ...of("cachedImage", ["semconv"], ["image.cache_read.input_tokens"]),
  ...of("cachedVideo", ["semconv"], ["video.cache_read.input_tokens"]),
  ...of("cachedText", ["gemini", "adk"], ["cache_tokens_details.text"]),
  ...of("cachedAudio", ["gemini", "adk"], ["cache_tokens_details.audio"]),
  ...of("cachedImage", ["gemini", "adk"], ["cache_tokens_details.image"]),
  ...of("cachedVideo", ["gemini", "adk"], ["cache_tokens_details.video"]),
  ...of("cachedDocument", ["gemini", "adk"], ["cache_tokens_details.document"]),
  ...of("cachedText", ["pydantic"], ["text_cache_tokens"]),
  ...of("cachedAudio", ["pydantic"], ["audio_cache_tokens", "cache_audio_read_tokens"]),
  ...of("cachedImage", ["pydantic"], ["image_cache_tokens"]),
  ...of("cachedVideo", ["pydantic"], ["video_cache_tokens"]),
  ...of("cachedDocument", ["pydantic"], ["document_cache_tokens"]),

  // Cache writes.
  ...of("cacheWrite", ["semconv"], ["cache_write.input_tokens", "cache_creation.input_tokens"]),
  ...of("cacheWrite", ["anthropic", "openllmetry", "litellm"], ["cache_creation_input_tokens"], { beside: anthropicInput, isKind: true }),
  ...of("cacheWrite", ["bedrock", "strands"], ["cache_write_input_tokens", "cache_write_input_token_count"], { beside: anthropicInput }),
  ...of("cacheWrite", ["pydantic"], ["cache_write_tokens"]),
  ...of("cacheWrite", ["claudeCode"], ["cache_creation_tokens"]),
  ...of("cacheWrite", ["langfuse"], ["input_cache_creation", "input_cache_write", "input_cache_creation_tokens"], { isKind: true }),
  ...of("cacheWrite", ["openinference", "sentry", "aiSdk"], ["input_details.cache_write"]),
  ...of("cacheWrite", ["langchain"], ["input_details.cache_creation"]),
  ...of("cacheWrite", ["aiSdk", "openrouter"], ["input_details.cache_write_tokens"]),
  ...of("cacheWrite", ["litellm"], ["input_details.cache_creation_tokens", "input_details.cache_creation_input_tokens"]),
  ...of("cacheWrite", ["langchain"], ["input_details.flex_cache_creation", "input_details.priority_cache_creation"]),
  ...of("cacheWrite", ["langfuse"], ["input_flex_cache_creation", "input_priority_cache_creation"], { isKind: true }),
  ...of("cacheWrite", ["pi"], ["cache_write"], { beside: ["input"], isKind: true }),
  ...of("cacheWrite", ["opencode"], ["cache.write"], { beside: ["input"] }),
  ...of("cacheWrite5m", ["anthropic"], ["cache_creation.ephemeral_5m_input_tokens"], { beside: anthropicInput }),
  ...of("cacheWrite1h", ["anthropic"], ["cache_creation.ephemeral_1h_input_tokens"], { beside: anthropicInput }),
  ...of("cacheWrite5m", ["bedrock"], ["cache_details.5m"], { beside: anthropicInput }),
  ...of("cacheWrite1h", ["bedrock"], ["cache_details.1h"], { beside: anthropicInput }),
  ...of("cacheWrite5m", ["langchain"], ["input_details.ephemeral_5m_input_tokens"]),
  ...of("cacheWrite1h", ["langchain"], ["input_details.ephemeral_1h_input_tokens"]),
  ...of("cacheWrite5m", ["litellm"], ["input_details.cache_creation_token_details.ephemeral_5m_input_tokens"]),
  ...of("cacheWrite1h", ["litellm"], ["input_details.cache_creation_token_details.ephemeral_1h_input_tokens"]),
  ...of("cacheWrite5m", ["langfuse"], ["input_cache_creation_5m", "input_ephemeral_5m_input_tokens"], { isKind: true }),
  ...of("cacheWrite1h", ["langfuse"], ["input_cache_creation_1h", "input_ephemeral_1h_input_tokens"], { isKind: true }),

  // Input by modality.
  ...of("inputText", ["semconv"], ["text.input_tokens"]),
  ...of("inputAudio", ["semconv"], ["audio.input_tokens"]),
  ...of("inputImage", ["semconv"], ["image.input_tokens"]),
  ...of("inputVideo", ["semconv"], ["video.input_tokens"]),
  ...of("inputText", ["openai", "xai"], ["input_details.text_tokens"]),
  ...of("inputAudio", ["openai", "xai"], ["input_details.audio_tokens"]),
  ...of("inputImage", ["openai", "xai"], ["input_details.image_tokens"]),
  ...of("inputVideo", ["openrouter"], ["input_details.video_tokens"]),
  ...of("inputDocument", ["openrouter"], ["input_details.file_tokens"]),
  ...of("inputText", ["gemini", "adk"], ["input_details.text"]),
  ...of("inputAudio", ["gemini", "adk", "openinference", "langchain"], ["input_details.audio"]),
  ...of("inputImage", ["gemini", "adk"], ["input_details.image"]),
  ...of("inputVideo", ["gemini", "adk"], ["input_details.video"]),
  ...of("inputDocument", ["gemini", "adk"], ["input_details.document"]),
  ...of("inputText", ["pydantic"], ["text_prompt_tokens"]),
  ...of("inputAudio", ["pydantic"], ["audio_prompt_tokens"]),
  ...of("inputImage", ["pydantic"], ["image_prompt_tokens"]),
  ...of("inputVideo", ["pydantic"], ["video_prompt_tokens"]),
  ...of("inputDocument", ["pydantic"], ["document_prompt_tokens"]),
  ...of("inputAudio", ["mastra"], ["audio_input_tokens"]),
  ...of("inputText", ["interactions"], ["input_tokens_by_modality.text"]),
  ...of("inputAudio", ["interactions"], ["input_tokens_by_modality.audio"]),
  ...of("inputImage", ["interactions"], ["input_tokens_by_modality.image"]),
  ...of("inputVideo", ["interactions"], ["input_tokens_by_modality.video"]),
  ...of("inputDocument", ["interactions"], ["input_tokens_by_modality.document"]),
  ...of("inputText", ["langfuse"], ["input_text_tokens", "input_flex", "input_priority"], { isKind: true }),
  ...of("inputAudio", ["langfuse", "pydantic"], ["input_audio_tokens", "input_audio"], { isKind: true }),
  ...of("inputImage", ["langfuse"], ["input_image_tokens"], { isKind: true }),
  ...of("inputVideo", ["langfuse"], ["input_video_tokens"], { isKind: true }),
  ...of("inputDocument", ["langfuse"], ["input_document_tokens"], { isKind: true }),
  ...of("toolPrompt", ["gemini", "adk"], ["tool_use_prompt_token_count"], { beside: ["*"] }),
  ...of("toolPrompt", ["interactions"], ["total_tool_use_tokens"], { beside: ["*"] }),
  ...of("toolPrompt", ["pydantic"], ["tool_use_prompt_tokens"]),

  // Reasoning.
  ...of("reasoning", ["semconv"], ["reasoning.output_tokens"]),
  ...of("reasoning", ["openai", "aiSdk", "xai"], ["output_details.reasoning_tokens"]),
  ...of("reasoning", ["openinference", "langchain", "sentry"], ["output_details.reasoning"]),
  ...of("reasoning", ["openllmetry", "aiSdk", "pydantic", "perplexity", "adk"], ["reasoning_tokens"]),
  ...of("reasoning", ["openinference"], ["output_details.reasoning_output_tokens"]),
  ...of("reasoning", ["langchain"], ["output_details.flex_reasoning", "output_details.priority_reasoning"]),
  ...of("reasoning", ["ag2"], ["thinking_tokens"]),
  ...of("reasoning", ["codex"], ["reasoning_output_tokens"]),
  ...of("reasoning", ["dotnet"], ["reasoning_token_count"]),
  ...of("reasoning", ["gemini", "adk"], ["thoughts_token_count"], { beside: ["*"] }),
  ...of("reasoning", ["genkit", "pydantic"], ["thoughts_tokens"], { beside: ["*"] }),
  ...of("reasoning", ["interactions"], ["total_thought_tokens", "total_reasoning_tokens"], { beside: ["*"] }),
  ...of("reasoning", ["opencode"], ["reasoning"], { beside: ["output"] }),
  ...of("reasoning", ["langfuse"], ["output_reasoning_tokens", "output_reasoning"], { isKind: true }),
  ...of("reasoning", ["langfuse"], ["output_flex_reasoning", "output_priority_reasoning"], { isKind: true }),

  // Output by modality.
  ...of("outputText", ["semconv"], ["text.output_tokens"]),
  ...of("outputAudio", ["semconv"], ["audio.output_tokens"]),
  ...of("outputImage", ["semconv"], ["image.output_tokens"]),
  ...of("outputVideo", ["semconv"], ["video.output_tokens"]),
  ...of("outputText", ["openai", "aiSdk"], ["output_details.text_tokens"]),
  ...of("outputAudio", ["openai", "xai"], ["output_details.audio_tokens"]),
  ...of("outputImage", ["openai", "xai"], ["output_details.image_tokens"]),
  ...of("outputVideo", ["openrouter"], ["output_details.video_tokens"]),
  ...of("outputText", ["openinference", "aiSdk"], ["output_details.text"]),
  ...of("outputAudio", ["openinference", "langchain"], ["output_details.audio"]),
  ...of("outputText", ["gemini", "adk"], ["candidates_tokens_details.text", "response_tokens_details.text"], { isWithoutReasoning: true }),
  ...of("outputAudio", ["gemini", "adk"], ["candidates_tokens_details.audio", "response_tokens_details.audio"], {
    isWithoutReasoning: true,
  }),
  ...of("outputImage", ["gemini", "adk"], ["candidates_tokens_details.image", "response_tokens_details.image"], {
    isWithoutReasoning: true,
  }),
  ...of("outputVideo", ["gemini", "adk"], ["candidates_tokens_details.video", "response_tokens_details.video"], {
    isWithoutReasoning: true,
  }),
  ...of("outputText", ["pydantic"], ["text_candidates_tokens"], { isWithoutReasoning: true }),
  ...of("outputAudio", ["pydantic"], ["audio_candidates_tokens"], { isWithoutReasoning: true }),
  ...of("outputImage", ["pydantic"], ["image_candidates_tokens"], { isWithoutReasoning: true }),
  ...of("outputVideo", ["pydantic"], ["video_candidates_tokens"], { isWithoutReasoning: true }),
  ...of("outputAudio", ["mastra"], ["audio_output_tokens"]),
  ...of("outputText", ["interactions"], ["output_tokens_by_modality.text"], { isWithoutReasoning: true }),
  ...of("outputAudio", ["interactions"], ["output_tokens_by_modality.audio"], { isWithoutReasoning: true }),
  ...of("outputImage", ["interactions"], ["output_tokens_by_modality.image"], { isWithoutReasoning: true }),
  ...of("outputVideo", ["interactions"], ["output_tokens_by_modality.video"], { isWithoutReasoning: true }),
  ...of("outputText", ["langfuse"], ["output_text_tokens", "output_flex", "output_priority"], { isKind: true }),
  ...of("outputAudio", ["langfuse", "pydantic"], ["output_audio_tokens", "output_audio"], { isKind: true }),
  ...of("outputImage", ["langfuse"], ["output_image_tokens"], { isKind: true }),
  ...of("outputVideo", ["langfuse"], ["output_video_tokens"], { isKind: true }),
  ...of("acceptedPrediction", ["openai"], ["output_details.accepted_prediction_tokens"]),
  ...of("rejectedPrediction", ["openai"], ["output_details.rejected_prediction_tokens"]),
  ...of("acceptedPrediction", ["aiSdk", "pydantic"], ["accepted_prediction_tokens"]),
  ...of("rejectedPrediction", ["aiSdk", "pydantic"], ["rejected_prediction_tokens"]),
  ...of("acceptedPrediction", ["langfuse"], ["output_accepted_prediction_tokens"], { isKind: true }),
  ...of("rejectedPrediction", ["langfuse"], ["output_rejected_prediction_tokens"], { isKind: true }),

  // Known but not counted.
  ...of("detail", ["gemini"], ["tool_use_prompt_tokens_details.text", "tool_use_prompt_tokens_details.image"]),
  ...of(
    "detail",
    ["pydantic"],
    ["text_tool_use_prompt_tokens", "image_tool_use_prompt_tokens", "audio_tool_use_prompt_tokens", "image_tokens", "audio_tokens"],
  ),
  ...of("detail", ["adk"], ["system_instruction_tokens"]),
  ...of("noTokens", ["adk"], ["reasoning_tokens_limit"]),
  ...of("noTokens", ["groq"], ["queue_time", "prompt_time", "completion_time", "total_time"]),
  ...of("noTokens", ["ollama"], ["total_duration", "load_duration", "prompt_eval_duration", "eval_duration"]),
  ...of("noTokens", ["openrouter", "litellm"], ["cost", "total_cost", "cost_details.upstream_inference_cost"]),
  ...of("noTokens", ["litellm"], ["cost_usd", "input_cost", "output_cost"]),
  ...of("noTokens", ["xai"], ["num_sources_used", "cost_in_usd_ticks"]),
  ...of("noTokens", ["perplexity"], ["num_search_queries"]),
  ...of("detail", ["perplexity"], ["citation_tokens"]),
  ...of("noTokens", ["mistral"], ["prompt_audio_seconds"]),
  ...of("noTokens", ["cohere"], ["billed_units.search_units", "billed_units.classifications"]),
  ...of("noTokens", ["anthropic"], ["server_tool_use.web_search_requests", "server_tool_use.web_fetch_requests"]),
  ...of("noTokens", ["pydantic"], ["requests", "tool_calls"], { isSpanOnly: true }),
  ...of("noTokens", ["bedrock"], ["invocation_latency", "first_byte_latency"]),
];

/** Rows by path; paths are unique. */
export const spellingOf: ReadonlyMap<string, UsageSpelling> = new Map(usageSpellings.map((row) => [row.path, row]));
