/** Names as gateways and clouds send them, and the default model each is priced by. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { candidateNames, nameRules } from "../../../core/models/candidate-names.ts";
import { defaultModels } from "../../../core/models/default-models/index.ts";
import { findModel } from "../../../core/models/find-model.ts";
import type { Model } from "../../../core/models/model.ts";
import { usageAndCost } from "../../../core/models/usage-and-cost.ts";

const at = "2026-11-20 00:00:00.000000";
const pricedBy = (...names: string[]) => findModel(names, defaultModels, at)?.modelName;

/** The rows of the table under the heading, without its head. */
const documented = (heading: string): string[][] =>
  (readFileSync("docs/models.md", "utf8").split(`## ${heading}\n`)[1] ?? "")
    .split("\n## ")[0]
    ?.split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").map((cell) => cell.trim().replaceAll("`", ""))) ?? [];

describe("a name that a gateway or cloud sends", () => {
  it.each<[sent: string, modelName: string | undefined]>([
    // Amazon Bedrock
    ["us.anthropic.claude-3-5-haiku-20241022-v1:0", "claude-3-5-haiku"],
    ["eu.anthropic.claude-3-7-sonnet-20250219-v1:0", "claude-3-7-sonnet"],
    ["apac.anthropic.claude-sonnet-4-20250514-v1:0", "claude-sonnet-4"],
    ["anthropic.claude-3-haiku-20240307-v1:0:48k", "claude-3-haiku"],
    ["anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet"],
    ["us-gov.anthropic.claude-3-5-sonnet-20240620-v1:0", "claude-3-5-sonnet"],
    ["global.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"],
    ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.anthropic.claude-sonnet-4-5"],
    ["anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"],
    ["jp.anthropic.claude-opus-4-8", "us.anthropic.claude-opus-4-8"],
    ["au.anthropic.claude-opus-4-6-v1", "us.anthropic.claude-opus-4-6"],
    ["bedrock/us.anthropic.claude-3-5-haiku-20241022-v1:0", "claude-3-5-haiku"],
    ["bedrock/converse/eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.anthropic.claude-sonnet-4-5"],
    ["bedrock/us-east-1/anthropic.claude-3-haiku-20240307-v1:0", "claude-3-haiku"],
    ["bedrock/us-gov-west-1/anthropic.claude-3-haiku-20240307-v1:0", "claude-3-haiku"],
    ["bedrock/invoke/anthropic.claude-3-haiku-20240307-v1:0", "claude-3-haiku"],
    ["amazon-bedrock/us.anthropic.claude-opus-5-5", "us.anthropic.claude-opus-5-5"],
    ["arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0", "claude-3-haiku"],
    [
      "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
      "us.anthropic.claude-sonnet-4-5",
    ],
    ["arn:aws:bedrock:us-east-1:123456789012:inference-profile/global.anthropic.claude-opus-4-5-20251101-v1:0", "claude-opus-4-5"],
    ["bedrock/arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0", "claude-3-haiku"],
    ["arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0", "claude-3-haiku"],
    ["arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdef", undefined],
    ["us.amazon.nova-pro-v1:0", "nova-pro"],
    ["amazon.nova-micro-v1:0", "nova-micro"],
    ["amazon.nova-lite-v1:0:24k", "nova-lite"],
    ["amazon.nova-2-lite-v1:0", "nova-2-lite"],
    ["jp.amazon.nova-2-lite-v1:0", "us.amazon.nova-2-lite"],
    ["global.amazon.nova-2-lite-v1:0", "nova-2-lite"],
    ["cohere.embed-v4:0", undefined],
    // Azure
    ["azure/gpt-4o", "gpt-4o"],
    ["azure_ai/gpt-5-mini", "gpt-5-mini"],
    ["azure/gpt-35-turbo", "gpt-3.5-turbo"],
    ["azure/global/gpt-4o-2024-08-06", "gpt-4o-2024-08-06"],
    ["azure/global-standard/gpt-4o-mini", "gpt-4o-mini"],
    ["azure/eu/gpt-4o", undefined],
    // Google
    ["vertex_ai/gemini-2.5-flash", "gemini-2.5-flash"],
    ["vertex_ai/claude-3-5-sonnet-v2@20241022", "claude-3-5-sonnet"],
    ["claude-opus-4-1@20250805", "claude-opus-4-1"],
    ["vertex_ai/claude-sonnet-4-5@20250929", "claude-sonnet-4-5"],
    ["claude-sonnet-4-5@default", "claude-sonnet-4-5"],
    ["gemini/gemini-2.5-pro", "gemini-2.5-pro"],
    ["models/gemini-2.5-flash-lite", "gemini-2.5-flash-lite"],
    ["publishers/google/models/gemini-2.0-flash-001", "gemini-2.0-flash"],
    ["projects/p-1/locations/us-central1/publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"],
    ["publishers/anthropic/models/claude-sonnet-4-5@20250929", "claude-sonnet-4-5"],
    ["google-vertex/gemini-3.1-pro-preview", "gemini-3.1-pro"],
    ["google/gemini-2.5-flash-preview-09-2025", "gemini-2.5-flash"],
    ["google_genai/gemini-3.8-flash", "gemini-3.8-flash"],
    ["projects/p-1/locations/us-central1/endpoints/123", undefined],
    // OpenRouter and other gateways
    ["openrouter/anthropic/claude-3.5-sonnet", "claude-3-5-sonnet"],
    ["openrouter/openai/gpt-4o-mini", "gpt-4o-mini"],
    ["openrouter/google/gemini-2.5-pro", "gemini-2.5-pro"],
    ["anthropic/claude-sonnet-4.5", "claude-sonnet-4-5"],
    ["anthropic/claude-4.5-sonnet-20250929", "claude-sonnet-4-5"],
    ["anthropic/claude-4-opus-20250522", "claude-opus-4"],
    ["anthropic/claude-3.7-sonnet:thinking", "claude-3-7-sonnet"],
    ["anthropic/claude-3.5-haiku:beta", "claude-3-5-haiku"],
    ["openai/gpt-4o:nitro", "gpt-4o"],
    ["openai/gpt-4o:online", "gpt-4o"],
    ["google/gemini-2.5-flash:free", undefined],
    ["openrouter/openai/gpt-4o:free", undefined],
    ["x-ai/grok-4-fast", "grok-4-fast"],
    ["xai/grok-4-0709", "grok-4"],
    ["mistralai/mistral-large-2411", "mistral-large-2411"],
    ["litellm_proxy/openrouter/anthropic/claude-opus-4.1", "claude-opus-4-1"],
    ["@openai/gpt-4o", "gpt-4o"],
    ["vercel/anthropic/claude-haiku-4.5", "claude-haiku-4-5"],
    ["groq/llama-3.3-70b-versatile", "llama-3.3-70b-versatile"],
    // pydantic-ai, LangChain's init_chat_model and registries of the AI SDK
    ["openai:gpt-4o", "gpt-4o"],
    ["openai-responses:gpt-5", "gpt-5"],
    ["openai-chat:gpt-5-mini", "gpt-5-mini"],
    ["anthropic:claude-sonnet-4-5-20250929", "claude-sonnet-4-5"],
    ["google-gla:gemini-2.5-flash", "gemini-2.5-flash"],
    ["google_genai:gemini-2.5-pro", "gemini-2.5-pro"],
    ["google_anthropic_vertex:claude-sonnet-4-5@20250929", "claude-sonnet-4-5"],
    ["azure_openai:gpt-4o", "gpt-4o"],
    ["bedrock:us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.anthropic.claude-sonnet-4-5"],
    ["bedrock_converse:anthropic.claude-3-haiku-20240307-v1:0", "claude-3-haiku"],
    ["gateway/openai:gpt-4o-mini", "gpt-4o-mini"],
    ["openrouter:anthropic/claude-3.5-sonnet", "claude-3-5-sonnet"],
    ["openai:ft:gpt-4o-2024-08-06:acme::abc", undefined],
    ["openai:ft:gpt-4-0613:acme::abc", undefined],
    ["mistral:7b", undefined],
    ["together_ai/meta-llama/llama-3.3-70b-versatile", undefined],
    ["fireworks_ai/deepseek-chat", undefined],
    // The makers' own, dated and dotted
    ["claude-3.5-sonnet-20241022", "claude-3-5-sonnet"],
    ["claude-sonnet-4.5", "claude-sonnet-4-5"],
    ["claude-4.5-sonnet", "claude-sonnet-4-5"],
    ["claude-opus-4.8", "claude-opus-4-8"],
    ["claude-sonnet-4-5[1m]", "claude-sonnet-4-5"],
    ["claude-haiku-5-5", "claude-haiku-5-5"],
    ["claude-opus-4-8-20260301", "claude-opus-4-8"],
    ["gpt-5-2025-08-07", "gpt-5"],
    ["gpt-5.5-2026-04-23", "gpt-5.5"],
    ["gpt-4o-2024-05-13", "gpt-4o-2024-05-13"],
    ["Claude-3-5-Haiku-20241022", "claude-3-5-haiku"],
    [" gpt-4o ", "gpt-4o"],
    // What must have no price of another
    ["ft:gpt-4o-2024-08-06:acme::abc", "ft:gpt-4o-2024-08-06"],
    ["openai/ft:gpt-4o-2024-08-06:acme::abc", "ft:gpt-4o-2024-08-06"],
    ["ft:gpt-4-0613:acme::abc", undefined],
    ["gpt-4o-realtime-preview-2024-12-17", "gpt-4o-realtime-preview"],
    ["gpt-4o-realtime-preview-2030-12-17", "gpt-4o-realtime-preview"],
    ["openai/gpt-4o:extended", undefined],
    // Former and dated names
    ["gpt-35-turbo-16k", "gpt-3.5-turbo-16k"],
    ["gpt-3.5-turbo-0613", "gpt-3.5-turbo-0613"],
    ["gpt-4-32k-0613", "gpt-4-32k"],
    ["gpt-4-turbo-preview", "gpt-4-turbo-preview"],
    ["gpt-4-0125-preview", "gpt-4-0125-preview"],
    ["text-embedding-ada-002-v2", "text-embedding-ada-002"],
    ["openai/o3-mini-high", "o3-mini-high"],
    ["claude-3-sonnet-20240229", "claude-3-sonnet"],
    ["anthropic.claude-3-sonnet-20240229-v1:0", "claude-3-sonnet"],
    ["anthropic.claude-v2:1", "claude-v2"],
    ["anthropic.claude-instant-v1", "claude-instant"],
    ["claude-2.1", "claude-2.1"],
    ["claude-sonnet-4-latest", "claude-sonnet-4"],
    ["gemini-1.5-pro-002", "gemini-1.5-pro"],
    ["gemini-1.5-flash-latest", "gemini-1.5-flash"],
    ["gemini-2.5-pro-preview-05-06", "gemini-2.5-pro-preview-05-06"],
    ["gemini-3.1-pro-preview-customtools", "gemini-3.1-pro"],
    ["gemini-3-pro-image-preview", "gemini-3-pro-image"],
    ["x-ai/grok-4.1-fast", "grok-4.1-fast"],
    ["grok-4-latest", "grok-4"],
    ["moonshotai/kimi-k2-0905-preview", "kimi-k2-0905-preview"],
    ["@openai-prod/gpt-4o", "gpt-4o"],
    ["portkey/@anthropic-eu/claude-sonnet-4-5", "claude-sonnet-4-5"],
    ["@cf/meta/llama-3.1-8b-instruct", undefined],
    ["anthropic.messages/claude-sonnet-4-5", "claude-sonnet-4-5"],
    ["google.generative-ai/gemini-2.5-pro", "gemini-2.5-pro"],
    ["us.meta.llama3-1-70b-instruct-v1:0", "meta.llama3-1-70b-instruct"],
    ["eu.meta.llama3-1-70b-instruct-v1:0", "meta.llama3-1-70b-instruct"],
    ["bedrock/meta.llama3-3-70b-instruct-v1:0", "meta.llama3-3-70b-instruct"],
    ["amazon.titan-embed-text-v2:0", "amazon.titan-embed-text-v2"],
    ["amazon.titan-embed-text-v1", "amazon.titan-embed-text-v1"],
    ["cohere.command-r-plus-v1:0", "cohere.command-r-plus"],
    ["openai.gpt-oss-120b-1:0", "openai.gpt-oss-120b"],
    ["groq/openai/gpt-oss-120b", "groq/openai/gpt-oss-120b"],
    ["openai/gpt-oss-120b", undefined],
    ["meta-llama/Llama-3.1-70B-Instruct", undefined],
    ["my-gpt-4o", undefined],
    ["claude", undefined],
    ["anthropic.", undefined],
    ["", undefined],
    ["/", undefined],
  ])("%s is priced by %s", (sent, modelName) => {
    expect(pricedBy(sent)).toBe(modelName);
  });

  it("is documented: each line of the table holds", () => {
    const rows = documented("Names of gateways and clouds");
    expect(rows.length).toBeGreaterThan(10);
    for (const [, sent = "", modelName = ""] of rows) expect(pricedBy(sent), sent).toBe(modelName === "none" ? undefined : modelName);
  });

  it("is taken apart in rules that each shorten or respell it, never in circles", () => {
    const prefixes = fc.constantFrom(
      "openrouter/",
      "bedrock/",
      "azure/",
      "us.anthropic.",
      "global.anthropic.",
      "models/",
      "@openai/",
      "eu-west-1/",
      "arn:aws:bedrock:us-east-1::foundation-model/",
    );
    const suffixes = fc.constantFrom("-v1:0", ":0", "[1m]", ":beta", "@20250929", "-2025-08-07", "-preview-09-2025", ":48k");
    const name = fc
      .tuple(
        fc.array(prefixes, { maxLength: 8 }),
        fc.oneof(fc.constantFrom("claude-3.5-sonnet", "gpt-4o", "claude-4-opus"), fc.string()),
        fc.array(suffixes, { maxLength: 8 }),
      )
      .map(([before, middle, after]) => before.join("") + middle + after.join(""));
    fc.assert(
      fc.property(name, (sent) => {
        const candidates = candidateNames(sent);
        expect(candidates[0]).toBe(sent.trim());
        expect(new Set(candidates).size).toBe(candidates.length);
        expect(candidates.length).toBeLessThanOrEqual(24);
      }),
      { numRuns: 2000 },
    );
  });

  it("costs time linear in its length, whatever it is made of", () => {
    for (const text of ["models/", "a.", "-v1:0", "claude-", "us.", "[1m]", "@20250929", "claude-3.", "projects/x/"])
      expect(candidateNames(text.repeat(100_000)).length).toBe(1);
    for (const { reduce } of nameRules) expect(typeof reduce("a.".repeat(250))).toBe("string");
  });
});

describe("which of several models prices a call", () => {
  const model = (more: Partial<Model>): Model => ({
    id: "m",
    projectId: null,
    modelName: "m",
    matchPattern: "^m$",
    startDate: null,
    tokenizer: null,
    pricingTiers: [],
    ...more,
  });
  const own = (matchPattern: string, id = "own") => model({ id, projectId: "p", matchPattern });

  it("a project's own model for the bare name wins over a default for the name as it was sent", () => {
    const sent = "us.anthropic.claude-3-5-haiku-20241022-v1:0";
    expect(findModel([sent], [...defaultModels, own("(?i)^claude-3-5-haiku$")], at)?.id).toBe("own");
  });

  it("a project's own model for a spelling in between wins over one for the bare name", () => {
    const models = [own("^gpt-4o$", "bare"), own("^azure/gpt-4o$", "azure")];
    expect(findModel(["openrouter/azure/gpt-4o"], models, at)?.id).toBe("azure");
  });

  it("the model of the response is asked for before that of the request, which counts where the response's is not known", () => {
    expect(pricedBy("my-deployment", "gpt-4o")).toBe("gpt-4o");
    expect(pricedBy("gpt-4o-mini-2024-07-18", "gpt-4o")).toBe("gpt-4o-mini");
    expect(pricedBy("my-deployment", "my-alias")).toBeUndefined();
    expect(pricedBy()).toBeUndefined();
  });
});

describe("prices by region", () => {
  const cost = (model: string, usage: Record<string, string>) => {
    const call = {
      providedUsage: usage,
      providedCost: {},
      models: [model],
      modelParameters: null,
      metadata: {},
      input: null,
      output: null,
    };
    const { totalCost, pricingTierName } = usageAndCost({ ...call, level: "DEFAULT", startTime: at }, defaultModels, () => undefined);
    return { totalCost, pricingTierName };
  };

  it("a geography of Bedrock costs a tenth more where the maker says so, and the tier tells it", () => {
    const usage = { input: "1000000", output: "1000000", input_cache_creation_1h: "1000000" };
    expect(cost("global.anthropic.claude-sonnet-4-5-20250929-v1:0", usage)).toEqual({
      totalCost: "24.000000000000",
      pricingTierName: "Standard",
    });
    const regional = cost("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", usage);
    expect(regional).toEqual({
      totalCost: "26.400000000000",
      pricingTierName: "Standard, within a geography of Bedrock: 10 % more",
    });
  });

  it("a geography of Bedrock costs the list price where there is no other", () => {
    expect(cost("us.anthropic.claude-3-5-haiku-20241022-v1:0", { input: "1000", output: "100" }).totalCost).toBe("0.001200000000");
  });

  it("a long prompt within a geography costs a tenth more than a long prompt", () => {
    const [list, regional] = ["claude-haiku-5-5", "us.anthropic.claude-haiku-5-5"].map(
      (name) => cost(name, { input: "1000000" }).totalCost,
    );
    expect([list, regional]).toEqual(["0.500000000000", "0.550000000000"]);
  });
});
