/**
 * Usage and cost of an observation. Frameworks count cached tokens within the input and reasoning within the output; here each token is
 * in one kind only, so that the kinds add up and each has its price.
 */
import type { Json } from "../ingestion/event.ts";
import { costNames, langfuse, usageNames } from "./attribute-names.ts";
import { type Attributes, below, fieldOf, isMeaningful, toNumber } from "./attributes.ts";
import { genkitPart } from "./genkit.ts";
import { claudeCodeScope, isRollUp } from "./model.ts";
import { type JsonObject, parseIfText, parseObject, setOwn } from "./safe-json.ts";
import type { SpanFacts } from "./span-facts.ts";

/** Kind to number; what Langfuse's own SDKs send is passed on as it is. Undefined when nothing was counted. */
export const usageDetails = (facts: SpanFacts): JsonObject | undefined => {
  const given = parseObject(facts.attributes.get(langfuse.usageDetails));
  if (given !== undefined && isMeaningful(given)) return given;
  if (isRollUp(facts.attributes)) return undefined;
  for (const source of sources) {
    const counts = source(facts);
    const usage = counts === undefined ? undefined : toUsage(counts);
    if (usage !== undefined) return usage;
  }
  return undefined;
};

export const costDetails = ({ attributes }: SpanFacts): Record<string, number> | undefined => {
  const given = parseObject(attributes.get(langfuse.costDetails));
  if (given !== undefined && isMeaningful(given)) return numbersOf(given);
  if (isRollUp(attributes)) return undefined;
  for (const name of costNames) {
    const total = toNumber(attributes.get(name));
    if (total !== undefined && total >= 0) return { total };
  }
  return undefined;
};

const numbersOf = (given: JsonObject): Record<string, number> | undefined => {
  const costs: Record<string, number> = {};
  for (const [kind, value] of Object.entries(given)) {
    const cost = toNumber(value);
    if (cost !== undefined && cost >= 0) setOwn(costs, kind, cost);
  }
  return Object.keys(costs).length === 0 ? undefined : costs;
};

/** What a framework counted. `input` and `output` hold the parts named beside them. */
type Counts = {
  input?: number | undefined;
  output?: number | undefined;
  total?: number | undefined;
  cacheRead?: number | undefined;
  cacheCreation?: number | undefined;
  /** Of `cacheCreation`, by time to live. */
  cacheCreation5m?: number | undefined;
  cacheCreation1h?: number | undefined;
  reasoning?: number | undefined;
  audio?: number | undefined;
  /** Kinds that are neither. `input_cache_read` is part of the input. */
  others?: Record<string, number>;
};

const toUsage = (counts: Counts): Record<string, number> | undefined => {
  const { input, output, total, cacheRead = 0, cacheCreation = 0, reasoning = 0, audio = 0, others = {} } = counts;
  const usage: Record<string, number> = {};
  for (const [kind, value] of Object.entries(others)) if (value >= 0) setOwn(usage, kind, value);
  const set = (kind: string, value: number | undefined) => {
    if (value !== undefined) usage[kind] = Math.max(value, 0);
  };
  const split = (counts.cacheCreation5m ?? 0) + (counts.cacheCreation1h ?? 0);
  const isSplit = split > 0 && split <= cacheCreation;
  set("input", input === undefined ? undefined : input - cacheRead - cacheCreation - (others["input_cache_read"] ?? 0));
  set("output", output === undefined ? undefined : output - reasoning - audio);
  set("total", total);
  set("input_cached_tokens", counts.cacheRead);
  set("input_cache_creation", counts.cacheCreation === undefined ? undefined : cacheCreation - (isSplit ? split : 0));
  if (isSplit) {
    set("input_cache_creation_5m", counts.cacheCreation5m ?? 0);
    set("input_cache_creation_1h", counts.cacheCreation1h ?? 0);
  }
  set("output_reasoning_tokens", counts.reasoning);
  set("output_audio_tokens", counts.audio);
  return Object.keys(usage).length === 0 ? undefined : usage;
};

type Source = (facts: SpanFacts) => Counts | undefined;

const genkit: Source = ({ attributes }) => {
  const usage = genkitPart(attributes, "output", "usage");
  if (!isMeaningful(usage)) return undefined;
  const count = (name: string) => toNumber(fieldOf(usage, name));
  const reasoning = count("thoughtsTokens");
  const output = count("outputTokens");
  return {
    input: count("inputTokens"),
    // Genkit counts thoughts beside the output, not within.
    output: output === undefined ? undefined : output + (reasoning ?? 0),
    total: count("totalTokens"),
    cacheRead: count("cachedContentTokens"),
    reasoning,
  };
};

/** Claude Code counts as the API of Anthropic does: the input is without what came from and went to the cache. */
const claudeCode: Source = ({ attributes, scope }) => {
  if (scope.name !== claudeCodeScope) return undefined;
  const input = toNumber(attributes.get("input_tokens"));
  const cacheRead = toNumber(attributes.get("cache_read_tokens"));
  const cacheCreation = toNumber(attributes.get("cache_creation_tokens"));
  return {
    input: input === undefined ? undefined : input + (cacheRead ?? 0) + (cacheCreation ?? 0),
    output: toNumber(attributes.get("output_tokens")),
    cacheRead,
    cacheCreation,
  };
};

/** `gen_ai.usage.*` and `llm.token_count.*`, however spelled, with what the metadata of the provider adds. */
const generic: Source = ({ attributes, scope }) => {
  const raw = new Map<string, number>();
  for (const prefix of ["gen_ai.usage.", "llm.token_count."]) {
    for (const [name, value] of below(attributes, prefix)) {
      const count = toNumber(value);
      if (count !== undefined && `${prefix}${name}` !== "gen_ai.usage.cost") raw.set(name, count);
    }
  }
  const vercel = scope.name === "ai";
  const total = vercel ? toNumber(attributes.get("ai.usage.tokens")) : undefined;
  if (raw.size === 0 && total === undefined) return vertexAgent({}, attributes);
  const first = (names: readonly string[]) => names.map((name) => raw.get(name)).find((count) => count !== undefined);
  const others: Record<string, number> = {};
  for (const [name, count] of raw) if (!knownNames.has(name)) setOwn(others, name.replace(/^details\./, ""), count);
  const counts: Counts = {
    input: first(usageNames.input),
    output: first(usageNames.output),
    total: total ?? first(usageNames.total),
    cacheRead: first(usageNames.cacheRead) ?? (vercel ? wrappedNumber(attributes.get("ai.usage.cachedInputTokens")) : undefined),
    cacheCreation: first(usageNames.cacheCreation),
    reasoning: first(usageNames.reasoning) ?? (vercel ? wrappedNumber(attributes.get("ai.usage.reasoningTokens")) : undefined),
    audio: first(usageNames.audio),
    others,
  };
  return vertexAgent(providerDetails(counts, attributes), attributes);
};

const knownNames = new Set<string>(Object.values(usageNames).flat());

/** Vercel writes some numbers as `{"intValue":7}`. */
const wrappedNumber = (value: Json | undefined): number | undefined => {
  const parsed = parseIfText(value);
  return toNumber(parsed) ?? toNumber(fieldOf(parsed, "intValue"));
};

/** Vercel's `ai.response.providerMetadata` of OpenAI, Anthropic and Bedrock: only what the attributes did not say. */
const providerDetails = (counts: Counts, attributes: Attributes): Counts => {
  const metadata = parseObject(attributes.get("ai.response.providerMetadata"));
  if (metadata === undefined) return counts;
  const openai = (name: string) => toNumber(fieldOf(metadata["openai"], name));
  const anthropicUsage = fieldOf(metadata["anthropic"], "usage");
  const anthropic = (name: string) => toNumber(fieldOf(anthropicUsage, name));
  const lifetime = (name: string) => toNumber(fieldOf(fieldOf(anthropicUsage, "cache_creation"), name));
  const bedrock = (name: string) => toNumber(fieldOf(fieldOf(metadata["bedrock"], "usage"), name));
  const others: Record<string, number> = { ...counts.others };
  const setOther = (kind: string, value: number | undefined) => {
    if (value !== undefined) others[kind] ??= value;
  };
  setOther("accepted_prediction_tokens", openai("acceptedPredictionTokens"));
  setOther("rejected_prediction_tokens", openai("rejectedPredictionTokens"));
  if (counts.cacheRead === undefined) setOther("input_cache_read", bedrock("cacheReadInputTokens"));
  setOther("input_cache_write", bedrock("cacheWriteInputTokens"));
  return {
    ...counts,
    cacheRead: counts.cacheRead ?? openai("cachedPromptTokens") ?? anthropic("cache_read_input_tokens"),
    cacheCreation: counts.cacheCreation ?? anthropic("cache_creation_input_tokens") ?? bedrock("cacheCreationInputTokens"),
    cacheCreation5m: lifetime("ephemeral_5m_input_tokens"),
    cacheCreation1h: lifetime("ephemeral_1h_input_tokens"),
    reasoning: counts.reasoning ?? openai("reasoningTokens"),
    others,
  };
};

/** Google's ADK names cached and thought tokens in the response only; thoughts are not within its output. */
const vertexAgent = (counts: Counts, attributes: Attributes): Counts => {
  const metadata = fieldOf(parseObject(attributes.get("gcp.vertex.agent.llm_response")), "usage_metadata");
  if (metadata === undefined) return counts;
  const thoughts = toNumber(fieldOf(metadata, "thoughts_token_count"));
  const hasThoughts = counts.reasoning === undefined && thoughts !== undefined && thoughts > 0;
  return {
    ...counts,
    cacheRead: counts.cacheRead ?? toNumber(fieldOf(metadata, "cached_content_token_count")),
    ...(hasThoughts ? { reasoning: thoughts, output: counts.output === undefined ? undefined : counts.output + thoughts } : {}),
  };
};

const sources: readonly Source[] = [genkit, claudeCode, generic];
