/**
 * OpenTelemetry, mapping: attributes on any span that name its trace's user and session; the first with a value wins, explicit names before
 * derived ones. Senders were read on 2026-11-28 at the URLs. Excludes `langsmith.trace.session_id`, LangSmith's project.
 */

/** `isInferred`: the framework's own conversation id. One set explicitly on any span of the trace takes precedence. */
export type IdentityName = { name: string; sender: string; url: string; isInferred?: boolean };

const inferred = (row: IdentityName): IdentityName => ({ ...row, isInferred: true });

const langfuseUrl = "https://langfuse.com/integrations/native/opentelemetry";
const genAiUrl = "https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/registry/attributes/gen-ai.md";
const openLlmetryUrl = "https://www.traceloop.com/docs/openllmetry/tracing/association";
const openInferenceUrl = "https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md";
const aiSdkUrl = "https://langfuse.com/integrations/frameworks/vercel-ai-sdk";
const mastraUrl = "https://github.com/mastra-ai/mastra/tree/main/observability/otel-exporter";
const mlflowUrl = "https://mlflow.org/docs/latest/genai/tracing/track-users-sessions/";
const langSmithUrl = "https://docs.langchain.com/langsmith/trace-with-opentelemetry";

const association = (property: string, sender = "OpenLLMetry, association properties"): IdentityName => ({
  name: `traceloop.association.properties.${property}`,
  sender,
  url: openLlmetryUrl,
});
const row =
  (sender: string, url: string) =>
  (name: string): IdentityName => ({ name, sender, url });
const langfuse = row("Langfuse", langfuseUrl);
const openInference = row("OpenInference and OpenTelemetry", openInferenceUrl);
const aiSdk = row("AI SDK", aiSdkUrl);
const mastra = row("Mastra", mastraUrl);
const mlflow = row("MLflow, JSON text", mlflowUrl);
const langSmith = row("LangSmith, metadata", langSmithUrl);

export const userIdRows: readonly IdentityName[] = [
  langfuse("langfuse.user.id"),
  openInference("user.id"),
  langfuse("langfuse.observation.metadata.langfuse_user_id"),
  langfuse("langfuse.trace.metadata.langfuse_user_id"),
  aiSdk("ai.telemetry.metadata.userId"),
  association("user_id"),
  association("userId"),
  mastra("mastra.metadata.userId"),
  mlflow("mlflow.trace.user"),
  {
    name: "gen_ai.user.id",
    sender: "Dify",
    url: "https://github.com/langgenius/dify/blob/main/api/core/observability/otel/semconv/gen_ai.py",
  },
  { name: "enduser.id", sender: "OpenTelemetry", url: "https://opentelemetry.io/docs/specs/semconv/registry/attributes/enduser/" },
  langSmith("langsmith.metadata.user_id"),
];

export const sessionIdRows: readonly IdentityName[] = [
  langfuse("langfuse.session.id"),
  openInference("session.id"),
  langfuse("langfuse.observation.metadata.langfuse_session_id"),
  langfuse("langfuse.trace.metadata.langfuse_session_id"),
  aiSdk("ai.telemetry.metadata.sessionId"),
  association("session_id"),
  association("sessionId"),
  mastra("mastra.metadata.sessionId"),
  mlflow("mlflow.trace.session"),
  langSmith("langsmith.metadata.session_id"),
  ...[
    { name: "gen_ai.conversation.id", sender: "GenAI conventions", url: genAiUrl },
    association("conversation_id"),
    association("chat_id"),
    association("chatId"),
    association("thread_id", "OpenLLMetry on LangGraph, whose configuration becomes association properties"),
    langSmith("langsmith.metadata.conversation_id"),
    langSmith("langsmith.metadata.thread_id"),
    {
      name: "gen_ai.thread.id",
      sender: "Azure AI Agents",
      url: "https://learn.microsoft.com/azure/ai-foundry/how-to/develop/trace-agents-sdk",
    },
    {
      name: "spring.ai.chat.client.conversation.id",
      sender: "Spring AI",
      url: "https://docs.spring.io/spring-ai/reference/observability/index.html",
    },
    {
      name: "gcp.vertex.agent.session_id",
      sender: "Google ADK",
      url: "https://github.com/google/adk-python/blob/main/src/google/adk/telemetry/tracing.py",
    },
  ].map(inferred),
];
