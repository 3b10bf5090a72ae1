/**
 * Usage: where the spellings come from. `read` is the day the page, or a stored copy, was read; null: names taken from client code and user
 * reports.
 */

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
    read: null,
  },
  openinference: {
    name: "OpenInference",
    url: "https://arize-ai.github.io/openinference/spec/attributes/semantic-conventions.html",
    read,
  },
  openllmetry: {
    name: "OpenLLMetry",
    url: "https://github.com/traceloop/openllmetry/blob/main/packages/opentelemetry-semantic-conventions-ai/opentelemetry/semconv_ai/__init__.py",
    read: null,
  },
  aiSdk: { name: "AI SDK", url: "https://ai-sdk.dev/docs/ai-sdk-core/telemetry", read: null },
  pydantic: {
    name: "pydantic-ai, logfire",
    url: "https://github.com/pydantic/pydantic-ai/blob/main/pydantic_ai_slim/pydantic_ai/usage.py",
    read: null,
  },
  sentry: { name: "Sentry", url: "https://develop.sentry.dev/sdk/telemetry/traces/modules/ai-agents/", read },
  strands: { name: "Strands", url: "https://github.com/strands-agents/sdk-python/blob/main/src/strands/telemetry/tracer.py", read: null },
  adk: { name: "Google ADK", url: "https://github.com/google/adk-python/blob/main/src/google/adk/telemetry/tracing.py", read: null },
  springAi: { name: "Spring AI", url: "https://docs.spring.io/spring-ai/reference/observability/index.html", read: null },
  langchain: {
    name: "LangChain",
    url: "https://reference.langchain.com/python/langchain-core/messages/ai/UsageMetadata",
    read,
  },
  langsmith: { name: "LangSmith", url: "https://docs.langchain.com/langsmith/trace-with-opentelemetry", read: null },
  aiGateway: { name: "Vercel AI Gateway", url: "https://vercel.com/docs/ai-gateway", read: null },
  litellm: { name: "LiteLLM", url: "https://docs.litellm.ai/docs/completion/usage", read: null },
  genkit: { name: "Genkit", url: "https://genkit.dev/docs/models/", read: null },
  claudeCode: { name: "Claude Code", url: "https://code.claude.com/docs/en/monitoring-usage", read: null },
  mlflow: { name: "MLflow", url: "https://mlflow.org/docs/latest/genai/tracing/token-usage-cost/", read: null },
  openai: { name: "OpenAI", url: "https://platform.openai.com/docs/api-reference/chat/object", read: null },
  anthropic: { name: "Anthropic", url: "https://www.rubydoc.info/gems/anthropic/Anthropic/Models/CacheCreation", read },
  bedrock: { name: "Bedrock", url: "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html", read },
  gemini: { name: "Gemini, Vertex", url: "https://firebase.google.com/docs/reference/js/ai.usagemetadata", read },
  interactions: { name: "Gemini Interactions", url: "https://ai.google.dev/gemini-api/docs/interactions", read: null },
  openrouter: { name: "OpenRouter", url: "https://openrouter.ai/docs/use-cases/usage-accounting", read },
  groq: { name: "Groq", url: "https://console.groq.com/docs/api-reference#chat-create", read: null },
  deepseek: { name: "DeepSeek", url: "https://docs.rs/crate/ds-api/0.10.7/source/src/raw/response/non_streaming/usage.rs", read },
  xai: { name: "xAI", url: "https://docs.x.ai/developers/advanced-api-usage/prompt-caching/usage-and-pricing", read },
  mistral: { name: "Mistral", url: "https://docs.mistral.ai/api/", read: null },
  cohere: { name: "Cohere", url: "https://docs.cohere.com/reference/chat", read: null },
  moonshot: { name: "Moonshot", url: "https://platform.moonshot.ai/docs/api/chat", read: null },
  ollama: { name: "Ollama", url: "https://docs.ollama.com/api/usage", read },
  dotnet: {
    name: "Microsoft.Extensions.AI",
    url: "https://learn.microsoft.com/dotnet/api/microsoft.extensions.ai.usagedetails",
    read,
  },
  mastra: { name: "Mastra", url: "https://github.com/mastra-ai/mastra/tree/main/observability/otel-exporter", read: null },
  ag2: { name: "AG2", url: "https://github.com/ag2ai/ag2", read: null },
  livekit: {
    name: "LiveKit",
    url: "https://github.com/livekit/agents/blob/main/livekit-agents/livekit/agents/metrics/base.py",
    read: null,
  },
  genaiOtel: { name: "genai-otel-instrument", url: "https://github.com/Mandark-droid/genai_otel_instrument", read: null },
  own: { name: "hand-written spans", url: "https://github.com/open-telemetry/semantic-conventions-genai", read: null },
  watsonx: { name: "IBM watsonx.ai", url: "https://cloud.ibm.com/apidocs/watsonx-ai", read: null },
  codex: { name: "Codex", url: "https://github.com/openai/codex", read: null },
  pi: { name: "pi", url: "https://github.com/badlogic/pi-mono/tree/main/packages/ai", read: null },
  opencode: { name: "OpenCode", url: "https://github.com/sst/opencode", read: null },
  perplexity: { name: "Perplexity", url: "https://docs.perplexity.ai/api-reference/chat-completions-post", read: null },
} as const;

export type UsageSource = keyof typeof usageSources;
