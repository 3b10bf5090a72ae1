/**
 * OpenTelemetry, mapping: attributes on any span that name its trace's user and session; the first with a value wins, explicit names before
 * derived ones. Senders were read on 2026-11-28 at the URLs. Excludes `langsmith.trace.session_id`, LangSmith's project.
 */

/**
 * `isInferred`: the framework's own conversation id, or a user known only by a pseudonym or a parameter of a model's request. One set
 * explicitly on any span of the trace takes precedence.
 */
export type IdentityName = { name: string; sender: string; url: string; isInferred?: boolean };

const inferred = (row: IdentityName): IdentityName => ({ ...row, isInferred: true });

const langfuseUrl = "https://langfuse.com/integrations/native/opentelemetry";
const genAiUrl = "https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/registry/attributes/gen-ai.md";
const openLlmetryUrl = "https://www.traceloop.com/docs/openllmetry/tracing/association";
const laminarUrl = "https://github.com/lmnr-ai/lmnr-python/blob/main/src/lmnr/opentelemetry_lib/tracing/attributes.py";
const langWatchUrl = "https://docs.langwatch.ai/integration/opentelemetry/guide";
const difyUrl = "https://github.com/langgenius/dify/blob/main/api/core/observability/otel/semconv/gen_ai.py";
const openLitUrl = "https://docs.openlit.io/latest/sdk/semantic-conventions";
const endUserUrl = "https://opentelemetry.io/docs/specs/semconv/registry/attributes/enduser/";
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
const aiSdk7 = row("AI SDK 7, whose runtime context replaces the metadata", "https://github.com/vercel/ai/tree/main/packages/otel/src");
const mastra = row("Mastra", mastraUrl);
const mlflow = row("MLflow, JSON text", mlflowUrl);
const langSmith = row("LangSmith, metadata", langSmithUrl);
const laminar = row("Laminar, OpenHands", laminarUrl);
const langWatch = row("LangWatch", langWatchUrl);
const endUser = row("OpenTelemetry", endUserUrl);
const copilot = row("VS Code Copilot", "https://github.com/microsoft/vscode-copilot-chat/blob/main/docs/monitoring/agent_monitoring.md");
/** Langfuse has no such names, but they follow from those it has, and many set them. */
const langfuseTrace = row("Spans set by hand", langfuseUrl);
/** A service without Langfuse's SDK may copy all baggage to its spans. */
const langfuseBaggage = row("Langfuse, as baggage", langfuseUrl);

export const userIdRows: readonly IdentityName[] = [
  langfuse("langfuse.user.id"),
  openInference("user.id"),
  langfuse("langfuse.observation.metadata.langfuse_user_id"),
  langfuse("langfuse.trace.metadata.langfuse_user_id"),
  langfuseTrace("langfuse.trace.user_id"),
  langfuseTrace("langfuse.trace.userId"),
  langfuseTrace("langfuse.trace.user.id"),
  langfuseTrace("langfuse.user_id"),
  langfuseTrace("langfuse.userId"),
  langfuseBaggage("langfuse_user_id"),
  aiSdk("ai.telemetry.metadata.userId"),
  aiSdk("ai.telemetry.metadata.user_id"),
  aiSdk7("ai.settings.context.userId"),
  association("user_id"),
  association("userId"),
  association("langfuse_user_id", "Langfuse's metadata of LangChain, by OpenLLMetry"),
  mastra("mastra.metadata.userId"),
  mlflow("mlflow.trace.user"),
  row("Dify", difyUrl)("gen_ai.user.id"),
  endUser("enduser.id"),
  langSmith("langsmith.metadata.user_id"),
  langSmith("langsmith.metadata.langfuse_user_id"),
  laminar("lmnr.association.properties.user_id"),
  langWatch("langwatch.user.id"),
  ...[
    endUser("enduser.pseudo.id"),
    row("OpenLIT", openLitUrl)("gen_ai.request.user"),
    row("OpenLLMetry, LiteLLM", "https://github.com/traceloop/openllmetry")("llm.user"),
  ].map(inferred),
];

export const sessionIdRows: readonly IdentityName[] = [
  langfuse("langfuse.session.id"),
  openInference("session.id"),
  langfuse("langfuse.observation.metadata.langfuse_session_id"),
  langfuse("langfuse.trace.metadata.langfuse_session_id"),
  langfuseTrace("langfuse.trace.session_id"),
  langfuseTrace("langfuse.trace.sessionId"),
  langfuseTrace("langfuse.trace.session.id"),
  langfuseTrace("langfuse.session_id"),
  langfuseTrace("langfuse.sessionId"),
  langfuseBaggage("langfuse_session_id"),
  aiSdk("ai.telemetry.metadata.sessionId"),
  aiSdk("ai.telemetry.metadata.session_id"),
  aiSdk7("ai.settings.context.sessionId"),
  association("session_id"),
  association("sessionId"),
  association("langfuse_session_id", "Langfuse's metadata of LangChain, by OpenLLMetry"),
  mastra("mastra.metadata.sessionId"),
  mlflow("mlflow.trace.session"),
  langSmith("langsmith.metadata.session_id"),
  langSmith("langsmith.metadata.langfuse_session_id"),
  laminar("lmnr.association.properties.session_id"),
  ...[
    row("GenAI conventions", genAiUrl)("gen_ai.conversation.id"),
    row("Spans set by hand", genAiUrl)("gen_ai.conversation_id"),
    row("LoongSuite, Dify", difyUrl)("gen_ai.session.id"),
    association("conversation_id"),
    association("chat_id"),
    association("chatId"),
    association("thread_id", "OpenLLMetry on LangGraph, whose configuration becomes association properties"),
    langSmith("langsmith.metadata.conversation_id"),
    langSmith("langsmith.metadata.thread_id"),
    mastra("mastra.metadata.threadId"),
    aiSdk("ai.telemetry.metadata.threadId"),
    aiSdk("ai.telemetry.metadata.conversationId"),
    aiSdk("ai.telemetry.metadata.chatId"),
    langWatch("langwatch.thread.id"),
    row("Pipecat, VoltAgent", "https://docs.pipecat.ai/server/utilities/opentelemetry")("conversation.id"),
    row("Eve", "https://github.com/vercel/eve")("eve.session.id"),
    row("Eve, calls of models", "https://github.com/vercel/eve")("ai.settings.context.eve.session.id"),
    row("NeMo Agent Toolkit", "https://github.com/NVIDIA/NeMo-Agent-Toolkit")("nat.conversation.id"),
    row("W&B Weave", "https://docs.wandb.ai/weave/guides/tracking/otel")("wandb.thread_id"),
    row("Microsoft Agent 365", "https://github.com/microsoft/Agent365-dotnet")("microsoft.session.id"),
    copilot("copilot_chat.chat_session_id"),
    copilot("copilot_chat.session_id"),
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
