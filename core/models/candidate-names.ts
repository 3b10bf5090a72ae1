/**
 * Models: derives candidate names from what gateways and clouds send: `us.anthropic.claude-3-5-haiku-20241022-v1:0` is also tried as
 * `claude-3-5-haiku`.
 * Each rule removes one thing. All intermediate names are candidates, so a model for one of them wins over the bare name.
 */

type Rule = {
  /** What the rule removes, for docs and tests. */
  what: string;
  /** Source of the spelling. */
  source: string;
  reduce: (name: string) => string;
};

/**
 * Gateways and clouds that charge the maker's price. Hosts with their own prices (Groq, Together, Fireworks …) are not listed: their names
 * need models of their own.
 */
const gateways = [
  "azure",
  "azure_ai",
  "azure-openai",
  "azure_openai",
  "bedrock",
  "bedrock_converse",
  "amazon-bedrock",
  "amazon_bedrock",
  "aws-bedrock",
  "converse",
  "converse_like",
  "invoke",
  "vertex_ai",
  "vertex_ai_beta",
  "vertexai",
  "vertex",
  "google-vertex",
  "google-vertex-anthropic",
  "google_vertexai",
  "google_anthropic_vertex",
  "google_genai",
  "google-genai",
  "google-gla",
  "google-ai-studio",
  "googleai",
  "gemini",
  "openrouter",
  "litellm",
  "litellm_proxy",
  "vercel",
  "vercel_ai_gateway",
  "gateway",
  "portkey",
  "helicone",
  "cloudflare",
  "responses",
  "chat",
  "global",
  "global-standard",
  "openai",
  "openai-chat",
  "openai-responses",
  "anthropic",
  "anthropic.messages",
  "google",
  "google.generative-ai",
  "mistral",
  "mistralai",
  "cohere",
  "xai",
  "x-ai",
  "deepseek",
  "deepseek-ai",
  "moonshot",
  "moonshotai",
  "zai",
  "z-ai",
  "amazon",
  "voyage",
];
const gatewayPrefix = new RegExp(`^@?(?:${gateways.join("|").replaceAll(".", "\\.")})[/:]`, "i");

/** Makers as Amazon Bedrock writes them before a model's name. */
const bedrockMaker = "(?:anthropic|amazon|cohere|deepseek|mistral|openai|qwen|moonshotai|zai|google|minimax|ai21|meta)";

/** On Vertex, Claude names have the version without the maker too. */
const isOfBedrock = new RegExp(`(?:^|\\.)${bedrockMaker}\\.|^claude-`, "i");

/** Regular expression for Bedrock profiles that keep a call within a geography; `global` does not. */
export const bedrockGeography = "(us|us-gov|eu|apac|ap|jp|au|ca|sa|uk|in|me|af)";

const replacing =
  (pattern: RegExp, replacement = "") =>
  (name: string): string =>
    name.replace(pattern, replacement);

/**
 * Normalizes `claude-3.5-sonnet`, `claude-4.5-sonnet-20250929` and `claude-sonnet-4.5`: Anthropic's own names use hyphens and, since 4, put
 * the family before the version.
 */
const claudeName = (name: string): string =>
  name
    .replace(/^((?:.*\.)?claude-(?:[a-z]+-)?)(\d{1,2})\.(\d{1,2})(?!\d)/i, "$1$2-$3")
    .replace(/^((?:.*\.)?claude-)([4-9])(-\d{1,2})?-(opus|sonnet|haiku)(?![a-z])/i, "$1$4-$2$3");

/** Rules in order. The first that changes the name is applied, then all are tried again. */
export const nameRules: readonly Rule[] = [
  {
    what: "the ARN around a model or profile of Bedrock",
    source: "https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html, read 2026-11",
    reduce: replacing(/^arn:aws[a-z-]*:bedrock:[a-z0-9-]*:\d*:(?:foundation-model|inference-profile|provisioned-model)\//i),
  },
  {
    what: "the path of a resource: projects/…/locations/…, publishers/…/models/, models/",
    source: "https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference, read 2026-11",
    reduce: replacing(/^(?:\/*(?:projects\/[^/]+|locations\/[^/]+|publishers\/[^/]+|models)\/)+/i),
  },
  {
    what: "the gateway or cloud before a slash or a colon, also several",
    source:
      "https://docs.litellm.ai/docs/providers and https://openrouter.ai/docs/overview/models, read 2026-11; with a colon: https://ai.pydantic.dev/models/overview/ and LangChain's init_chat_model",
    reduce: replacing(gatewayPrefix),
  },
  {
    what: "the provider as a customer of Portkey has named it: @openai-prod/",
    source: "https://portkey.ai/docs/product/model-catalog, names from client code",
    reduce: replacing(/^@[a-z0-9][a-z0-9_-]*\//i),
  },
  {
    what: "the region of Bedrock in the path of LiteLLM: us-east-1/",
    source: "https://docs.litellm.ai/docs/providers/bedrock, read 2026-11",
    reduce: replacing(/^[a-z]{2}(?:-gov)?-[a-z]+-\d\//i),
  },
  {
    what: "OpenRouter's way of routing: :nitro, :floor, :online, :exacto, :thinking, :beta",
    source: "https://openrouter.ai/docs/guides/routing/model-variants, read 2026-11",
    reduce: replacing(/:(?:nitro|floor|online|exacto|thinking|beta)$/i),
  },
  {
    what: "Claude Code's mark of a long context window: [1m]",
    source: "https://code.claude.com/docs/en/model-config, read 2026-11",
    reduce: replacing(/\[\d+[mk]\]$/i),
  },
  {
    what: "Bedrock's version of a model: -v1:0, -v2, :0, :0:200k",
    source: "https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html, read 2026-11",
    reduce: (name) => (isOfBedrock.test(name) ? name.replace(/(?:-v\d{1,2})?(?::\d{1,2})?(?::(?:\d+k|mm))?$/i, "") : name),
  },
  {
    what: "the dots and the order of Claude's names: claude-3.5-sonnet, claude-4.5-sonnet",
    source: "https://docs.github.com/en/copilot/reference/ai-models/supported-models and https://openrouter.ai/anthropic, read 2026-11",
    reduce: claudeName,
  },
  {
    what: "Azure's spelling of GPT-3.5: gpt-35-turbo",
    source: "https://learn.microsoft.com/en-us/azure/ai-foundry/foundry-models/concepts/models-sold-directly-by-azure, read 2026-11",
    reduce: replacing(/^gpt-35-/i, "gpt-3.5-"),
  },
  {
    what: "a date after the name: -20250929, @20250929, -2025-08-07, -preview-09-2025",
    source:
      "https://platform.claude.com/docs/en/about-claude/models/overview and https://ai.google.dev/gemini-api/docs/models, read 2026-11",
    reduce: replacing(/(?:[-@]20\d{6}|-20\d\d-\d\d-\d\d|-preview-\d\d-20\d\d|@(?:latest|default))$/i),
  },
  {
    what: "Bedrock's global profile and its maker: global.anthropic.",
    source: "https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html, read 2026-11",
    reduce: replacing(new RegExp(`^global\\.${bedrockMaker}\\.`, "i")),
  },
  {
    what: "Bedrock's profile of a geography: us., eu., apac., jp., au., us-gov.",
    source: "https://docs.aws.amazon.com/bedrock/latest/userguide/geographic-cross-region-inference.html, read 2026-11",
    reduce: replacing(new RegExp(`^${bedrockGeography}\\.(?=${bedrockMaker}\\.)`, "i")),
  },
  {
    what: "Bedrock's maker: anthropic.",
    source: "https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html, read 2026-11",
    reduce: replacing(new RegExp(`^${bedrockMaker}\\.`, "i")),
  },
];

/** Longer names are tried only as sent. */
const nameCharactersMax = 500;
/** More than any gateway's name needs: each rule removes something, and nested gateways take one step each. */
const candidatesMax = 24;
/** Maximum for all candidates together: every pattern of a project may be tried on each. */
const charactersMax = 1000;

/** Free, extended and fine-tuned models have other prices than their base: only the name as sent can match. */
const hasPriceOfItsOwn = (name: string): boolean => /:(?:free|extended)$/i.test(name) || /(?:^|[/:])ft:/i.test(name);

/**
 * Returns the trimmed name, then each shorter one. At most 24, and at most 1,000 characters together if there are several; linear in the
 * bounded length of the name.
 */
export const candidateNames = (sent: string): readonly string[] => {
  const candidates = [sent.trim()];
  let characters = candidates[0]?.length ?? 0;
  for (let name = candidates[0] ?? ""; candidates.length < candidatesMax; ) {
    if (name.length > nameCharactersMax || hasPriceOfItsOwn(name)) break;
    const next = nameRules.map(({ reduce }) => reduce(name)).find((reduced) => reduced !== name && reduced !== "");
    if (next === undefined || characters + next.length > charactersMax) break;
    candidates.push(next);
    characters += next.length;
    name = next;
  }
  return candidates;
};
