/** Usage as people have reported it to be counted wrongly: what it says, and what it costs. */
import { describe, expect, it } from "vitest";
import { parseEvent } from "../../../core/ingestion/event-schema.ts";
import type { Model } from "../../../core/models/model.ts";
import { usageAndCost } from "../../../core/models/usage-and-cost.ts";
import { bodyOf } from "../ingestion/arriving.ts";
import { mapOne } from "../otel/mapped-spans.ts";

const text = JSON.stringify;
/** Prices as they were when the reports were made; the table of prices may change. */
const prices = (input: string, output: string, cached: string, write = "0"): Model => ({
  id: "m",
  projectId: null,
  modelName: "m",
  matchPattern: ".*",
  startDate: null,
  tokenizer: null,
  pricingTiers: [
    {
      id: "t",
      name: "t",
      isDefault: true,
      priority: 0,
      conditions: [],
      prices: { input, output, output_reasoning_tokens: output, input_cached_tokens: cached, input_cache_creation: write },
    },
  ],
});
const gemini = prices("0.0000003", "0.0000025", "0.00000003");
const sonnet = prices("0.000003", "0.000015", "0.0000003", "0.00000375");
const gpt4o = prices("0.0000025", "0.00001", "0.00000125");

const priced = (usage: Record<string, number> | null | undefined, model: Model) =>
  usageAndCost(
    {
      providedUsage: Object.fromEntries(Object.entries(usage ?? {}).map(([kind, count]) => [kind, String(count)])),
      providedCost: {},
      models: ["m"],
      modelParameters: null,
      metadata: {},
      input: null,
      output: null,
      level: "DEFAULT",
      startTime: "2026-11-22 00:00:00.000000",
    },
    [model],
    () => undefined,
  );

const spanUsage = (given: Parameters<typeof mapOne>[0]["attributes"]): Record<string, number> | null | undefined => {
  const { observation } = mapOne({ attributes: { "gen_ai.request.model": "m", ...given } });
  const parsed = parseEvent(observation, { isInternal: true });
  if (!parsed.ok || parsed.event?.entityType !== "observation") throw new Error("no observation");
  return parsed.event.body.usageDetails;
};

describe("spans of", () => {
  it.each<[string, Parameters<typeof mapOne>[0]["attributes"], Model, object, string]>([
    [
      "pydantic-ai with Gemini, whose details are parts",
      {
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 250,
        "gen_ai.usage.details.text_prompt_tokens": 1000,
        "gen_ai.usage.details.thoughts_tokens": 150,
        "gen_ai.usage.details.text_candidates_tokens": 100,
      },
      gemini,
      { input: "1000", output: "100", output_reasoning_tokens: "150", total: "1250" },
      "0.000925000000",
    ],
    [
      "the conventions with counts by modality",
      {
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 180,
        "gen_ai.usage.text.input_tokens": 60,
        "gen_ai.usage.image.input_tokens": 40,
        "gen_ai.usage.text.output_tokens": 180,
      },
      gemini,
      { input: "60", input_image_tokens: "40", output: "180", total: "280" },
      "0.000480000000",
    ],
    [
      "Strands with cache writes",
      {
        "gen_ai.usage.input_tokens": 5000,
        "gen_ai.usage.output_tokens": 100,
        "gen_ai.usage.total_tokens": 5100,
        "gen_ai.usage.cache_read_input_tokens": 3000,
        "gen_ai.usage.cache_write_input_tokens": 1500,
      },
      sonnet,
      { input: "500", output: "100", input_cached_tokens: "3000", input_cache_creation: "1500", total: "5100" },
      "0.009525000000",
    ],
    [
      "the AI SDK 5 with Anthropic, whose input is without the cache",
      {
        "operation.name": "ai.generateText.doGenerate",
        "ai.operationId": "ai.generateText.doGenerate",
        "gen_ai.usage.input_tokens": 12,
        "gen_ai.usage.output_tokens": 30,
        "ai.usage.inputTokens": 12,
        "ai.usage.outputTokens": 30,
        "ai.usage.totalTokens": 42,
        "ai.usage.cachedInputTokens": 20000,
        "ai.response.providerMetadata": text({
          anthropic: { usage: { input_tokens: 12, cache_creation_input_tokens: 0, cache_read_input_tokens: 20000, output_tokens: 30 } },
        }),
      },
      sonnet,
      { input: "12", output: "30", input_cached_tokens: "20000", input_cache_creation: "0", total: "42" },
      "0.006486000000",
    ],
    [
      "the AI SDK 5 with Anthropic, whose input is greater than the cache beside it",
      {
        "ai.operationId": "ai.generateText.doGenerate",
        "ai.usage.inputTokens": 5000,
        "ai.usage.outputTokens": 30,
        "ai.usage.totalTokens": 5030,
        "ai.usage.cachedInputTokens": 3000,
        "ai.response.providerMetadata": text({
          anthropic: { usage: { input_tokens: 5000, cache_creation_input_tokens: 0, cache_read_input_tokens: 3000, output_tokens: 30 } },
        }),
      },
      sonnet,
      { input: "5000", output: "30", input_cached_tokens: "3000", input_cache_creation: "0", total: "5030" },
      "0.016350000000",
    ],
    [
      "the AI SDK 6 with Bedrock",
      {
        "ai.operationId": "ai.generateText.doGenerate",
        "gen_ai.usage.input_tokens": 4448,
        "gen_ai.usage.output_tokens": 40,
        "ai.usage.inputTokens": 4448,
        "ai.usage.inputTokenDetails.noCacheTokens": 23,
        "ai.usage.inputTokenDetails.cacheReadTokens": 0,
        "ai.usage.inputTokenDetails.cacheWriteTokens": 4425,
        "ai.usage.cachedInputTokens": 0,
        "ai.response.providerMetadata": text({ bedrock: { usage: { cacheWriteInputTokens: 4425 } } }),
      },
      sonnet,
      { input: "23", output: "40", input_cached_tokens: "0", input_cache_creation: "4425", total: "4488" },
      "0.017262750000",
    ],
    [
      "the AI SDK 5 with Gemini, whose thoughts stand beside the output",
      {
        "ai.operationId": "ai.generateText.doGenerate",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 10,
        "ai.usage.reasoningTokens": 50,
        "ai.usage.totalTokens": 160,
      },
      gemini,
      { input: "100", output: "10", output_reasoning_tokens: "50", total: "160" },
      "0.000180000000",
    ],
    [
      "the same with fewer thoughts, by what Google answered",
      {
        "ai.operationId": "ai.generateText.doGenerate",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 60,
        "ai.usage.reasoningTokens": 50,
        "ai.response.providerMetadata": text({
          google: { usageMetadata: { promptTokenCount: 100, candidatesTokenCount: 60, thoughtsTokenCount: 50 } },
        }),
      },
      gemini,
      { input: "100", output: "60", output_reasoning_tokens: "50", total: "210" },
      "0.000305000000",
    ],
    [
      "Sentry's names",
      {
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.input_tokens.cached": 40,
        "gen_ai.usage.input_tokens.cache_write": 10,
        "gen_ai.usage.output_tokens": 50,
        "gen_ai.usage.output_tokens.reasoning": 20,
      },
      sonnet,
      { input: "50", input_cached_tokens: "40", input_cache_creation: "10", output: "30", output_reasoning_tokens: "20", total: "150" },
      "0.000949500000",
    ],
    [
      "LiveKit, whose metrics tell the cached tokens",
      {
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
        "lk.llm_metrics": text({ prompt_tokens: 100, prompt_cached_tokens: 60, completion_tokens: 20, total_tokens: 120, duration: 2 }),
      },
      gpt4o,
      { input: "40", input_cached_tokens: "60", output: "20", total: "120" },
      "0.000375000000",
    ],
    [
      "LiveKit with a realtime model",
      {
        "lk.realtime_model_metrics": text({
          input_tokens: 100,
          output_tokens: 20,
          total_tokens: 120,
          input_token_details: { audio_tokens: 70, text_tokens: 30, cached_tokens: 10, cached_tokens_details: { text_tokens: 10 } },
          output_token_details: { text_tokens: 5, audio_tokens: 15 },
        }),
      },
      gpt4o,
      { input: "20", input_cached_tokens: "10", input_audio_tokens: "70", output: "5", output_audio_tokens: "15", total: "120" },
      "0.000437500000",
    ],
    [
      "Mastra with sound",
      {
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.audio_input_tokens": 70,
        "gen_ai.usage.audio_output_tokens": 15,
      },
      gpt4o,
      { input: "30", input_audio_tokens: "70", output: "5", output_audio_tokens: "15", total: "120" },
      "0.000450000000",
    ],
    [
      "AG2 with thoughts",
      { "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 50, "gen_ai.usage.thinking_tokens": 30 },
      gpt4o,
      { input: "100", output: "20", output_reasoning_tokens: "30", total: "150" },
      "0.000750000000",
    ],
    [
      "LangSmith, whose usage is JSON in one attribute",
      {
        "langsmith.span.kind": "llm",
        "langsmith.usage_metadata": text({
          input_tokens: 100,
          output_tokens: 50,
          total_tokens: 150,
          input_token_details: { cache_read: 40, cache_creation: 20 },
          output_token_details: { reasoning: 30 },
        }),
      },
      sonnet,
      { input: "40", input_cached_tokens: "40", input_cache_creation: "20", output: "20", output_reasoning_tokens: "30", total: "150" },
      "0.000957000000",
    ],
    [
      "what nobody knows and what is no count, which is not charged",
      {
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 50,
        "gen_ai.usage.prompt_time": 7,
        "gen_ai.usage.input_magic_tokens": 1_000_000,
        "llm.token_count.prompt_details.magic": 90,
      },
      gpt4o,
      { input: "100", output: "50", total: "150" },
      "0.000750000000",
    ],
  ])("%s", (_, attributes, model, usageDetails, totalCost) => {
    expect(priced(spanUsage(attributes), model)).toMatchObject({ usageDetails, totalCost });
  });
});

describe("usage that no attribute of a span reports", () => {
  const anthropic = { input_tokens: 12, output_tokens: 30, cache_read_input_tokens: 20 };
  const usageOf = (attributes: Parameters<typeof mapOne>[0]["attributes"], events: Parameters<typeof mapOne>[0]["events"] = []) =>
    mapOne({ attributes: { "langfuse.observation.type": "generation", ...attributes }, events }).observation.body["usageDetails"];
  const details = (input: number, name = "gen_ai.client.inference.operation.details") => ({
    name,
    attributes: { "gen_ai.usage.input_tokens": input, "gen_ai.usage.output_tokens": 5 },
  });
  const called = { "gen_ai.request.model": "m" };

  it("is that of the last event that reports some", () => {
    const other = { name: "other", attributes: { n: 1 } };
    expect(usageOf(called, [details(1, "chunk"), details(10), other])).toEqual({ input: 10, output: 5 });
    expect(usageOf({ ...called, "gen_ai.usage.input_tokens": 7 }, [details(10)])).toEqual({ input: 7 });
  });

  it.each<[string, Parameters<typeof mapOne>[0]["attributes"], object | undefined]>([
    [
      "of a provider",
      { ...called, "gen_ai.completion": text({ content: [], usage: anthropic }) },
      { input: 12, input_cached_tokens: 20, output: 30 },
    ],
    [
      "of Gemini",
      { ...called, "output.value": text({ candidates: [], usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5 } }) },
      { input: 10, output: 5 },
    ],
    ["without a model", { "gen_ai.completion": text({ usage: anthropic }) }, undefined],
    ["that tells another usage", { ...called, "output.value": text({ usage: { total: 120, input: 3, output: 4 } }) }, undefined],
    ["that tells one side", { ...called, "output.value": text({ usage: { input_tokens: 3 } }) }, undefined],
    ["that is no JSON", { ...called, "output.value": 'the "usage" is {' }, undefined],
  ])("is that of the response in the output: %s", (_, attributes, usage) => {
    expect(usageOf(attributes)).toEqual(usage);
  });
});

describe("costs that spans have from", () => {
  const answer = (metadata: object) => ({
    "ai.operationId": "ai.generateText.doGenerate",
    "ai.usage.inputTokens": 10,
    "ai.response.providerMetadata": text(metadata),
  });
  it.each<[string, Parameters<typeof mapOne>[0]["attributes"], object | undefined]>([
    [
      "MLflow",
      { "mlflow.llm.cost": text({ input_cost: 0.1, output_cost: 0.2, total_cost: 0.3 }) },
      { input: 0.1, output: 0.2, total: 0.3 },
    ],
    ["LangSmith", { "langsmith.usage_metadata": text({ input_tokens: 1, total_cost: 0.123 }) }, { total: 0.123 }],
    [
      "Sentry",
      { "gen_ai.cost.input_tokens": 0.1, "gen_ai.cost.output_tokens": 0.2, "gen_ai.cost.total_tokens": 0.3 },
      { input: 0.1, output: 0.2, total: 0.3 },
    ],
    [
      "genai-otel-instrument",
      { "gen_ai.usage.cost.total": 0.3, "gen_ai.usage.cost.prompt": 0.1, "gen_ai.usage.cost.completion": 0.2 },
      { input: 0.1, output: 0.2, total: 0.3 },
    ],
    ["hands in text", { "gen_ai.usage.cost": "$0.05" }, { total: 0.05 }],
    ["a tiny number", { "gen_ai.usage.cost": 1e-130 }, { total: 0 }],
    ["hands", { "gen_ai.cost.usd": "0.3", "gen_ai.cost.input_usd": 0.1 }, { input: 0.1, total: 0.3 }],
    ["Vercel's AI Gateway", answer({ gateway: { cost: "0.0012", marketCost: "0.002" } }), { total: 0.0012 }],
    ["Vercel's AI Gateway, with a key of one's own", answer({ gateway: { cost: "0", marketCost: "0.002" } }), { total: 0.002 }],
    ["Vercel's AI Gateway, for nothing", answer({ gateway: { cost: "0" } }), { total: 0 }],
    ["OpenRouter", answer({ openrouter: { usage: { cost: 0.002, costDetails: { upstreamInferenceCost: 0.002 } } } }), { total: 0.002 }],
    [
      "OpenRouter with an own key, whose provider charges beside the fee",
      answer({ openrouter: { usage: { cost: 0.5, costDetails: { upstreamInferenceCost: 10 } } } }),
      { total: 10.5 },
    ],
    ["an attribute before JSON", { "gen_ai.usage.cost": 1, "mlflow.llm.cost": text({ total_cost: 2 }) }, { total: 1 }],
    ["nothing of these", { "mlflow.llm.cost": "none", ...answer({ gateway: { cost: "free" }, openrouter: null }) }, undefined],
  ])("%s", (_, attributes, costDetails) => {
    const { observation } = mapOne({ attributes: { "langfuse.observation.type": "generation", ...attributes } });
    expect(observation.body["costDetails"]).toEqual(costDetails);
  });
});

describe("events with the usage of", () => {
  it.each<[string, object, Model, object, string]>([
    [
      "OpenRouter",
      {
        prompt_tokens: 17903,
        completion_tokens: 100,
        total_tokens: 18003,
        cost: 0.02,
        is_byok: false,
        prompt_tokens_details: { cached_tokens: 17817, audio_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
      gpt4o,
      { input: "86", input_cached_tokens: "17817", output: "100", total: "18003" },
      "0.023486250000",
    ],
    [
      "Groq",
      {
        queue_time: 0.05,
        prompt_tokens: 100,
        prompt_time: 1,
        completion_tokens: 50,
        completion_time: 0.1,
        total_tokens: 150,
        total_time: 2,
      },
      gpt4o,
      { input: "100", output: "50", total: "150" },
      "0.000750000000",
    ],
    [
      "DeepSeek",
      {
        prompt_tokens: 100,
        completion_tokens: 50,
        total_tokens: 150,
        prompt_tokens_details: { cached_tokens: 80 },
        prompt_cache_hit_tokens: 80,
        prompt_cache_miss_tokens: 20,
      },
      gpt4o,
      { input: "20", input_cached_tokens: "80", output: "50", total: "150" },
      "0.000650000000",
    ],
    [
      "Gemini",
      { promptTokenCount: 100, candidatesTokenCount: 20, thoughtsTokenCount: 50, cachedContentTokenCount: 80, totalTokenCount: 170 },
      gemini,
      { input: "20", input_cached_tokens: "80", output: "20", output_reasoning_tokens: "50", total: "170" },
      "0.000183400000",
    ],
    [
      "Gemini in snake case, by modality",
      {
        prompt_token_count: 100,
        prompt_tokens_details: [
          { modality: "TEXT", token_count: 60 },
          { modality: "AUDIO", token_count: 40 },
        ],
        cache_tokens_details: [
          { modality: "TEXT", token_count: 50 },
          { modality: "AUDIO", token_count: 30 },
        ],
        cached_content_token_count: 80,
        candidates_token_count: 20,
        thoughts_token_count: 50,
        total_token_count: 170,
      },
      gemini,
      { input: "10", input_audio_tokens: "10", input_cached_tokens: "80", output: "20", output_reasoning_tokens: "50", total: "170" },
      "0.000183400000",
    ],
    [
      "Gemini with results of tools beside the prompt",
      { promptTokenCount: 100, toolUsePromptTokenCount: 40, candidatesTokenCount: 20, totalTokenCount: 160 },
      gemini,
      { input: "140", output: "20", total: "160" },
      "0.000092000000",
    ],
    [
      "Anthropic, whose input is without the cache",
      {
        input_tokens: 12,
        output_tokens: 30,
        cache_read_input_tokens: 8,
        cache_creation_input_tokens: 100,
        cache_creation: { ephemeral_5m_input_tokens: 60, ephemeral_1h_input_tokens: 40 },
        server_tool_use: { web_search_requests: 3 },
        service_tier: "standard",
      },
      sonnet,
      { input: "12", input_cached_tokens: "8", input_cache_creation_5m: "60", input_cache_creation_1h: "40", output: "30", total: "150" },
      // The prices above have none for a lifetime: that of writes counts.
      "0.000863400000",
    ],
    [
      "Anthropic with a compaction, which the totals leave out",
      {
        input_tokens: 23000,
        output_tokens: 1000,
        cache_read_input_tokens: 0,
        iterations: [
          { type: "compaction", input_tokens: 180000, output_tokens: 3500, cache_read_input_tokens: 50 },
          { type: "message", input_tokens: 23000, output_tokens: 1000, cache_read_input_tokens: 0 },
          { type: "advisor_message", model: "another", input_tokens: 9, output_tokens: 9 },
        ],
      },
      sonnet,
      { input: "203000", input_cached_tokens: "50", output: "4500", total: "207550" },
      "0.676515000000",
    ],
    [
      "LangChain in the flex tier, as Langfuse's SDK tells it",
      { input: 0, output: 0, total: 150, input_flex: 60, input_flex_cache_read: 40, output_flex: 20, output_flex_reasoning: 30 },
      gpt4o,
      { input: "0", input_flex: "60", input_flex_cache_read: "40", output_flex: "20", output_flex_reasoning: "30", total: "150" },
      "0.000700000000",
    ],
    [
      "Llama on Bedrock",
      { prompt_token_count: 100, generation_token_count: 50, stop_reason: "stop" },
      gpt4o,
      { input: "100", output: "50", total: "150" },
      "0.000750000000",
    ],
    [
      "watsonx",
      { input_token_count: 100, generated_token_count: 50 },
      gpt4o,
      { input: "100", output: "50", total: "150" },
      "0.000750000000",
    ],
    [
      "Bedrock",
      { inputTokens: 12, outputTokens: 30, totalTokens: 150, cacheReadInputTokens: 8, cacheWriteInputTokens: 100 },
      sonnet,
      { input: "12", input_cached_tokens: "8", input_cache_creation: "100", output: "30", total: "150" },
      "0.000863400000",
    ],
    [
      "LiteLLM, whose prompt holds the cache",
      { prompt_tokens: 120, completion_tokens: 30, total_tokens: 150, cache_read_input_tokens: 8, cache_creation_input_tokens: 100 },
      sonnet,
      { input: "12", input_cached_tokens: "8", input_cache_creation: "100", output: "30", total: "150" },
      "0.000863400000",
    ],
    [
      "LiteLLM under Langfuse's names, by the told total",
      { input: 120, output: 30, total: 150, cache_read_input_tokens: 8, cache_creation_input_tokens: 100 },
      sonnet,
      { input: "12", cache_read_input_tokens: "8", cache_creation_input_tokens: "100", output: "30", total: "150" },
      "0.000863400000",
    ],
    [
      "Langfuse's kinds, which are beside each other",
      { input: 120, output: 30, cache_read_input_tokens: 8 },
      sonnet,
      { input: "120", cache_read_input_tokens: "8", output: "30", total: "158" },
      "0.000812400000",
    ],
    [
      "the user's own kinds beside a provider's, which are kept and not part of the total",
      { prompt_tokens: 100, completion_tokens: 50, searches: 3 },
      gpt4o,
      { input: "100", output: "50", searches: "3", total: "150" },
      "0.000750000000",
    ],
    [
      "xAI, whose thoughts stand beside the completion and whose cached tokens are text as well",
      {
        prompt_tokens: 32,
        completion_tokens: 9,
        total_tokens: 135,
        prompt_tokens_details: { text_tokens: 32, audio_tokens: 0, image_tokens: 0, cached_tokens: 6 },
        completion_tokens_details: { reasoning_tokens: 94, audio_tokens: 0 },
        num_sources_used: 0,
      },
      gpt4o,
      { input: "26", input_cached_tokens: "6", output: "9", output_reasoning_tokens: "94", total: "135" },
      "0.001102500000",
    ],
    [
      "Ollama, whose durations are nanoseconds",
      {
        prompt_eval_count: 100,
        prompt_eval_cached_count: 80,
        eval_count: 50,
        total_duration: 5043500667,
        load_duration: 5025959,
        prompt_eval_duration: 325953000,
        eval_duration: 4709213000,
      },
      gpt4o,
      { input: "20", input_cached_tokens: "80", output: "50", total: "150" },
      "0.000650000000",
    ],
    [
      "Codex",
      { input_tokens: 100, cached_input_tokens: 60, output_tokens: 20, reasoning_output_tokens: 5, total_tokens: 120 },
      gpt4o,
      { input: "40", input_cached_tokens: "60", output: "15", output_reasoning_tokens: "5", total: "120" },
      "0.000375000000",
    ],
    [
      "Microsoft.Extensions.AI, in the letters of .NET",
      { InputTokenCount: 100, OutputTokenCount: 50, TotalTokenCount: 150, CachedInputTokenCount: 40, ReasoningTokenCount: 20 },
      gpt4o,
      { input: "60", input_cached_tokens: "40", output: "30", output_reasoning_tokens: "20", total: "150" },
      "0.000700000000",
    ],
    [
      "LangChain with OpenAI's flex tier",
      {
        input_tokens: 100,
        output_tokens: 50,
        total_tokens: 150,
        input_token_details: { flex: 70, flex_cache_read: 30 },
        output_token_details: { flex: 40, flex_reasoning: 10 },
      },
      gpt4o,
      { input: "70", input_cached_tokens: "30", output: "40", output_reasoning_tokens: "10", total: "150" },
      "0.000712500000",
    ],
    [
      "pi, whose input is without the cache",
      { input: 100, output: 20, cacheRead: 30, cacheWrite: 10, totalTokens: 160, cost: { input: 0.1, output: 0.2, total: 0.3 } },
      sonnet,
      { input: "100", input_cached_tokens: "30", input_cache_creation: "10", output: "20", total: "160" },
      "0.000646500000",
    ],
    [
      "OpenCode, whose parts are all beside each other",
      { input: 100, output: 20, reasoning: 5, cache: { read: 30, write: 10 } },
      sonnet,
      { input: "100", input_cached_tokens: "30", input_cache_creation: "10", output: "20", output_reasoning_tokens: "5", total: "165" },
      "0.000721500000",
    ],
    [
      "LiteLLM in camel case, by the told total",
      { input: 120, output: 30, total: 150, cacheReadInputTokens: 8, cacheCreationInputTokens: 100 },
      sonnet,
      { input: "12", cacheReadInputTokens: "8", cacheCreationInputTokens: "100", output: "30", total: "150" },
      "0.000863400000",
    ],
    [
      "kinds in other letters, whose total is counted once",
      { Input: 10, Output: 5, Total: 15 },
      gpt4o,
      { input: "10", output: "5", total: "15" },
      "0.000075000000",
    ],
  ])("%s", (_, usageDetails, model, usage, totalCost) => {
    const body = bodyOf("generation-create", { id: "o", usageDetails });
    expect(priced("usageDetails" in body ? body.usageDetails : undefined, model)).toMatchObject({ usageDetails: usage, totalCost });
  });
});
