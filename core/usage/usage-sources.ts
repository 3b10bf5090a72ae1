/** Where the spellings of usage come from. `read` is the day the page was read. */

const read = "2026-11-28";

export const usageSources = {
  langfuse: { name: "Langfuse SDKs", url: "https://langfuse.com/docs/observability/features/token-and-cost-tracking", read },
  semconv: {
    name: "OpenTelemetry GenAI",
    url: "https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/registry/attributes/gen-ai.md",
    read,
  },
  oldSemconv: {
    name: "OpenTelemetry GenAI, older",
    url: "https://github.com/open-telemetry/semantic-conventions/blob/v1.27.0/docs/attributes-registry/gen-ai.md",
    read,
  },
  openinference: {
    name: "OpenInference",
    url: "https://arize-ai.github.io/openinference/spec/attributes/semantic-conventions.html",
    read,
  },
  openllmetry: {
    name: "OpenLLMetry",
    url: "https://github.com/traceloop/openllmetry/blob/main/packages/opentelemetry-semantic-conventions-ai/opentelemetry/semconv_ai/__init__.py",
    read,
  },
  aiSdk: { name: "AI SDK", url: "https://ai-sdk.dev/docs/ai-sdk-core/telemetry", read },
  pydantic: {
    name: "pydantic-ai, logfire",
    url: "https://github.com/pydantic/pydantic-ai/blob/main/pydantic_ai_slim/pydantic_ai/usage.py",
    read,
  },
  sentry: { name: "Sentry", url: "https://develop.sentry.dev/sdk/telemetry/traces/modules/ai-agents/", read },
  strands: { name: "Strands", url: "https://github.com/strands-agents/sdk-python/blob/main/src/strands/telemetry/tracer.py", read },
  adk: { name: "Google ADK", url: "https://github.com/google/adk-python/blob/main/src/google/adk/telemetry/tracing.py", read },
  springAi: { name: "Spring AI", url: "https://docs.spring.io/spring-ai/reference/observability/index.html", read },
  langchain: {
    name: "LangChain",
    url: "https://reference.langchain.com/python/langchain_core/messages/#langchain_core.messages.ai.UsageMetadata",
    read,
  },
  litellm: { name: "LiteLLM", url: "https://docs.litellm.ai/docs/completion/usage", read },
  genkit: { name: "Genkit", url: "https://genkit.dev/docs/models/", read },
  claudeCode: { name: "Claude Code", url: "https://code.claude.com/docs/en/monitoring-usage", read },
  mlflow: { name: "MLflow", url: "https://mlflow.org/docs/latest/genai/tracing/token-usage-cost/", read },
  openai: { name: "OpenAI", url: "https://platform.openai.com/docs/api-reference/chat/object", read },
  anthropic: { name: "Anthropic", url: "https://platform.claude.com/docs/en/build-with-claude/prompt-caching", read },
  bedrock: { name: "Bedrock", url: "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html", read },
  gemini: { name: "Gemini, Vertex", url: "https://ai.google.dev/api/generate-content#UsageMetadata", read },
  interactions: { name: "Gemini Interactions", url: "https://ai.google.dev/gemini-api/docs/interactions", read },
  openrouter: { name: "OpenRouter", url: "https://openrouter.ai/docs/use-cases/usage-accounting", read },
  groq: { name: "Groq", url: "https://console.groq.com/docs/api-reference#chat-create", read },
  deepseek: { name: "DeepSeek", url: "https://api-docs.deepseek.com/api/create-chat-completion", read },
  xai: { name: "xAI", url: "https://docs.x.ai/docs/guides/reasoning", read },
  mistral: { name: "Mistral", url: "https://docs.mistral.ai/api/", read },
  cohere: { name: "Cohere", url: "https://docs.cohere.com/reference/chat", read },
  moonshot: { name: "Moonshot", url: "https://platform.moonshot.ai/docs/api/chat", read },
  perplexity: { name: "Perplexity", url: "https://docs.perplexity.ai/api-reference/chat-completions-post", read },
} as const;

export type UsageSource = keyof typeof usageSources;
