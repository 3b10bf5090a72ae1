/**
 * OpenTelemetry, mapping: where each convention puts input and output, one row each, in order of precedence. Each side takes the first row
 * that yields it; content of the others stays in the metadata (`input-output.ts`). Senders were read on 2026-11-28 at the URLs.
 */
import { langfuse } from "./attribute-names.ts";
import { isMeaningful } from "./attributes.ts";
import { either, first, inner, nested, onlyIf, type Reader, unwrapped } from "./content-readers.ts";
import {
  choiceEvents,
  claudeCodeToolOutput,
  contentEvent,
  embeddingPart,
  genkitSide,
  instructed,
  instructionsAlone,
  isMemorySearch,
  isVercel,
  liveKit,
  logfireEvents,
  mastra,
  messageEvents,
  operationDetails,
  rerankerInput,
  systemInstructions,
  unlessEmptyObject,
  unlessModelAlone,
  vercelAnswer,
} from "./framework-content.ts";
import { claudeCodeScope } from "./model.ts";
import type { SpanFacts } from "./span-facts.ts";

const ofScope =
  (name: string) =>
  ({ scope }: SpanFacts): boolean =>
    scope.name === name;

const isLogfire = ({ scope }: SpanFacts): boolean => scope.name.startsWith("logfire");

type ContentSource = { convention: string; url: string; input?: Reader; output?: Reader };

const genAi = "https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/registry/attributes/gen-ai.md";
const genAiEvents136 = "https://github.com/open-telemetry/semantic-conventions/blob/v1.36.0/docs/gen-ai/gen-ai-events.md";
const openInference = "https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md";
const aiSdk = "https://github.com/vercel/ai/tree/main/packages/otel/src";
const springAi = "https://docs.spring.io/spring-ai/reference/observability/index.html";
const liveKitUrl = "https://github.com/livekit/agents/blob/main/livekit-agents/livekit/agents/telemetry/trace_types.py";
const logfireUrl = "https://github.com/pydantic/logfire";
const mastraUrl = "https://github.com/mastra-ai/mastra/tree/main/observability/otel-exporter";

export const contentSources: readonly ContentSource[] = [
  {
    convention: "Langfuse",
    url: "https://langfuse.com/integrations/native/opentelemetry",
    input: first(langfuse.input),
    output: first(langfuse.output),
  },
  {
    convention: "Spans set by hand, by names that Langfuse does not have",
    url: "https://langfuse.com/integrations/native/opentelemetry",
    input: first("langfuse.span.input", "langfuse.input"),
    output: first("langfuse.span.output", "langfuse.output"),
  },
  {
    convention: "Genkit",
    url: "https://github.com/firebase/genkit",
    input: genkitSide("input", "messages"),
    output: genkitSide("output", "message"),
  },
  {
    convention: "AI SDK 3 to 7",
    url: aiSdk,
    input: onlyIf(isVercel, first("ai.prompt.messages", "ai.prompt", "ai.toolCall.args")),
    output: onlyIf(isVercel, vercelAnswer()),
  },
  {
    convention: "Flue",
    url: "https://github.com/withastro/flue",
    input: first("flue.workflow.payload", "flue.turn.input", "flue.tool.arguments", "flue.tool.call.arguments", "flue.task.prompt"),
    output: first(
      "flue.workflow.result",
      "flue.operation.result",
      "flue.turn.output",
      "flue.tool.result",
      "flue.tool.call.result",
      "flue.task.result",
    ),
  },
  {
    convention: "GenAI conventions, event of all messages",
    url: genAi,
    input: operationDetails((attributes) => instructed(attributes, "gen_ai.input.messages")),
    output: operationDetails((attributes) => ({ value: attributes.get("gen_ai.output.messages"), names: ["gen_ai.output.messages"] })),
  },
  { convention: "GenAI conventions up to 1.36, one event per message", url: genAiEvents136, input: messageEvents, output: choiceEvents },
  {
    convention: "Semantic Kernel and others, events of content",
    url: "https://github.com/microsoft/semantic-kernel",
    input: contentEvent("gen_ai.content.prompt", "gen_ai.prompt"),
    output: contentEvent("gen_ai.content.completion", "gen_ai.completion"),
  },
  {
    convention: "Google ADK",
    url: "https://github.com/google/adk-python/blob/main/src/google/adk/telemetry/tracing.py",
    input: unlessEmptyObject("gcp.vertex.agent.llm_request", "gcp.vertex.agent.tool_call_args", "gcp.vertex.agent.data"),
    output: unlessEmptyObject("gcp.vertex.agent.llm_response", "gcp.vertex.agent.tool_response"),
  },
  { convention: "Logfire, agents", url: logfireUrl, input: first("prompt"), output: first("all_messages_events") },
  {
    convention: "LiveKit",
    url: liveKitUrl,
    input: liveKit("input_text", "user_transcript", "chat_ctx", "user_input", "function_tool.arguments"),
    output: liveKit("function_tool.output", "response.text", "response.function_calls"),
  },
  {
    convention: "Logfire, one list of events",
    url: logfireUrl,
    input: logfireEvents((events, isChoice) => events.filter((event) => !isChoice(event))),
    output: logfireEvents((events, isChoice) => events.find(isChoice)),
  },
  {
    convention: "MLflow",
    url: "https://mlflow.org/docs/latest/genai/tracing/opentelemetry/",
    input: first("mlflow.spanInputs"),
    output: first("mlflow.spanOutputs"),
  },
  {
    convention: "OpenLLMetry, workflows, tasks, agents and tools",
    url: "https://github.com/traceloop/openllmetry-js/tree/main/packages/ai-semantic-conventions",
    input: first("traceloop.entity.input"),
    output: first("traceloop.entity.output"),
  },
  { convention: "OpenInference", url: openInference, input: first("input.value"), output: first("output.value") },
  { convention: "plain names", url: logfireUrl, input: first("input"), output: first("output") },
  {
    convention: "pydantic-ai",
    url: "https://github.com/pydantic/pydantic-ai",
    input: { names: ["pydantic_ai.all_messages"], read: ({ attributes }) => instructed(attributes, "pydantic_ai.all_messages") },
    output: onlyIf(
      ({ attributes, scope }) => scope.name === "pydantic-ai" || isMeaningful(attributes.get("pydantic_ai.all_messages")),
      first("final_result"),
    ),
  },
  {
    convention: "pydantic-ai, tools",
    url: "https://github.com/pydantic/pydantic-ai",
    input: first("tool_arguments"),
    output: first("tool_response"),
  },
  {
    convention: "OpenLLMetry, LangSmith, OpenLIT, Spring AI",
    url: "https://github.com/traceloop/openllmetry",
    input: nested("gen_ai.prompt", undefined, ["gen_ai.prompt.name", "gen_ai.prompt.version"]),
    output: nested("gen_ai.completion"),
  },
  {
    convention: "OpenInference, messages",
    url: openInference,
    input: nested("llm.input_messages"),
    output: nested("llm.output_messages"),
  },
  {
    convention: "GenAI conventions, messages",
    url: genAi,
    input: { names: ["gen_ai.input.messages"], read: ({ attributes }) => instructed(attributes, "gen_ai.input.messages") },
    output: first("gen_ai.output.messages"),
  },
  {
    // After the messages: beside them, Logfire sends a request of the model alone, which its spans are named by.
    convention: "Logfire, clients of OpenAI and Anthropic",
    url: logfireUrl,
    input: onlyIf(isLogfire, unlessModelAlone("request_data")),
    output: onlyIf(isLogfire, first("response_data")),
  },
  {
    convention: "Sentry and Mastra, before they followed the GenAI conventions",
    url: "https://getsentry.github.io/sentry-conventions/attributes/gen_ai/",
    input: first("gen_ai.request.messages"),
    output: first("gen_ai.response.text", "gen_ai.response.tool_calls"),
  },
  {
    convention: "GenAI conventions, tools",
    url: genAi,
    input: first("gen_ai.tool.call.arguments"),
    output: first("gen_ai.tool.call.result"),
  },
  {
    convention: "GenAI conventions, retrieval",
    url: genAi,
    input: first("gen_ai.retrieval.query.text"),
    output: first("gen_ai.retrieval.documents"),
  },
  {
    convention: "GenAI conventions, memory",
    url: genAi,
    input: either(
      first("gen_ai.memory.query.text"),
      onlyIf((facts) => !isMemorySearch(facts), first("gen_ai.memory.records")),
    ),
    output: onlyIf(isMemorySearch, first("gen_ai.memory.records")),
  },
  {
    convention: "OpenLLMetry, guardrails",
    url: "https://github.com/traceloop/openllmetry-js/tree/main/packages/ai-semantic-conventions",
    input: first("gen_ai.guardrail.input"),
    output: first("gen_ai.guardrail.output"),
  },
  { convention: "OpenInference, embeddings", url: openInference, input: embeddingPart("text"), output: embeddingPart("vector") },
  {
    convention: "OpenInference, rerankers",
    url: openInference,
    input: rerankerInput,
    output: nested("reranker.output_documents", inner("document")),
  },
  { convention: "OpenInference, retrieval", url: openInference, output: nested("retrieval.documents", inner("document")) },
  {
    convention: "OpenInference, completions; OpenLLMetry and Langtrace before the GenAI conventions",
    url: openInference,
    input: nested("llm.prompts", inner("prompt")),
    output: either(nested("llm.choices", inner("completion")), nested("llm.completions"), first("llm.responses")),
  },
  {
    convention: "AI SDK 5 to 7, embeddings, rerankers, speech, decisions",
    url: aiSdk,
    input: unwrapped("ai.values", "ai.value", "ai.documents", "ai.request.text", "ai.decision.questions"),
    output: unwrapped("ai.embeddings", "ai.embedding", "ai.ranking", "ai.decision.answers"),
  },
  { convention: "Mastra", url: mastraUrl, input: mastra("input"), output: mastra("output") },
  { convention: "Mastra, tools before 1.0", url: mastraUrl, input: first("gen_ai.tool.input"), output: first("gen_ai.tool.output") },
  {
    convention: "Spring AI",
    url: springAi,
    input: first("spring.ai.tool.call.arguments", "db.vector.query.content"),
    output: first("spring.ai.tool.call.result", "db.vector.query.response.documents"),
  },
  {
    convention: "Haystack",
    url: "https://docs.haystack.deepset.ai/docs/tracing",
    input: first("haystack.agent.input", "haystack.component.input", "haystack.pipeline.input_data"),
    output: first("haystack.agent.output", "haystack.component.output", "haystack.pipeline.output_data"),
  },
  {
    convention: "LoongSuite and Dify, retrieval",
    url: "https://github.com/langgenius/dify/blob/main/api/core/observability/otel/semconv/gen_ai.py",
    input: first("retrieval.query"),
    output: first("retrieval.document"),
  },
  {
    convention: "OpenLIT",
    url: "https://docs.openlit.io/latest/sdk/semantic-conventions",
    input: first("gen_ai.content.prompt"),
    output: first("gen_ai.content.completion"),
  },
  {
    convention: "Semantic Kernel and Microsoft Agent 365, agents",
    url: "https://github.com/microsoft/semantic-kernel",
    input: first("gen_ai.agent.invocation_input"),
    output: first("gen_ai.agent.invocation_output"),
  },
  {
    convention: "Braintrust",
    url: "https://www.braintrust.dev/docs/integrations/sdk-integrations/opentelemetry",
    input: first("braintrust.input_json", "braintrust.input"),
    output: first("braintrust.output_json", "braintrust.output"),
  },
  {
    convention: "Laminar, OpenHands",
    url: "https://github.com/lmnr-ai/lmnr-python/blob/main/src/lmnr/opentelemetry_lib/tracing/attributes.py",
    input: first("lmnr.span.input"),
    output: first("lmnr.span.output"),
  },
  {
    convention: "LangWatch",
    url: "https://docs.langwatch.ai/integration/opentelemetry/guide",
    input: first("langwatch.input"),
    output: first("langwatch.output"),
  },
  {
    convention: "Claude Code",
    url: "https://code.claude.com/docs/en/monitoring-usage",
    input: onlyIf(ofScope(claudeCodeScope), first("user_prompt", "tool_input", "new_context")),
    output: onlyIf(ofScope(claudeCodeScope), either(first("response.model_output"), claudeCodeToolOutput)),
  },
  {
    convention: "Gemini CLI",
    url: "https://github.com/google-gemini/gemini-cli/tree/main/packages/core/src/telemetry",
    input: first("input-json"),
    output: first("output-json"),
  },
  {
    convention: "VS Code Copilot",
    url: "https://github.com/microsoft/vscode-copilot-chat/blob/main/docs/monitoring/agent_monitoring.md",
    input: first("copilot_chat.user_request"),
  },
  {
    convention: "Pipecat, speech and tools",
    url: "https://docs.pipecat.ai/server/utilities/opentelemetry",
    input: onlyIf(ofScope("pipecat"), first("text", "tool.arguments")),
    output: onlyIf(ofScope("pipecat"), first("transcript", "text_output", "tool.result")),
  },
  {
    convention: "GenAI conventions, instructions without messages",
    url: genAi,
    input: { names: [systemInstructions], read: ({ attributes }) => instructionsAlone(attributes) },
  },
];
