/**
 * OpenTelemetry, mapping: senders' span kinds and our observation types, one table per attribute, in order of precedence. A kind without an
 * equivalent gets the nearest: a reranker is a retriever, a workflow a chain. Senders were read on 2026-11-28 at the URLs.
 */
import type { ObservationType } from "../ingestion/event.ts";

/** Case does not count. `field`: the attribute is a JSON object, and its field of that name is the kind. */
export type TypeTable = { attribute: string; field?: string; sender: string; url: string; types: { [value: string]: ObservationType } };

const genAi = "https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/registry/attributes/gen-ai.md";

/** Upper-case kinds: OpenInference, and LoongSuite, which adopted them. */
const openInferenceKinds: { [value: string]: ObservationType } = {
  LLM: "GENERATION",
  CHAIN: "CHAIN",
  RETRIEVER: "RETRIEVER",
  RERANKER: "RETRIEVER",
  EMBEDDING: "EMBEDDING",
  AGENT: "AGENT",
  TOOL: "TOOL",
  GUARDRAIL: "GUARDRAIL",
  EVALUATOR: "EVALUATOR",
  PROMPT: "CHAIN",
};

export const langfuseTypes: TypeTable = {
  attribute: "langfuse.observation.type",
  sender: "Langfuse",
  url: "https://langfuse.com/integrations/native/opentelemetry",
  types: {
    span: "SPAN",
    generation: "GENERATION",
    event: "EVENT",
    embedding: "EMBEDDING",
    agent: "AGENT",
    tool: "TOOL",
    chain: "CHAIN",
    retriever: "RETRIEVER",
    guardrail: "GUARDRAIL",
    evaluator: "EVALUATOR",
  },
};

export const frameworkTypes: readonly TypeTable[] = [
  {
    attribute: "openinference.span.kind",
    sender: "OpenInference",
    url: "https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md",
    types: openInferenceKinds,
  },
  {
    // Before the operation: LangSmith calls a retriever's operation `embeddings` and a prompt template's `chat`.
    attribute: "langsmith.span.kind",
    sender: "LangSmith",
    url: "https://docs.langchain.com/langsmith/trace-with-opentelemetry",
    types: {
      llm: "GENERATION",
      tool: "TOOL",
      retriever: "RETRIEVER",
      embedding: "EMBEDDING",
      prompt: "CHAIN",
      chain: "CHAIN",
      parser: "CHAIN",
    },
  },
  {
    attribute: "gen_ai.operation.name",
    sender: "GenAI conventions",
    url: genAi,
    types: {
      chat: "GENERATION",
      completion: "GENERATION",
      text_completion: "GENERATION",
      generate_content: "GENERATION",
      generate: "GENERATION",
      embeddings: "EMBEDDING",
      retrieval: "RETRIEVER",
      invoke_agent: "AGENT",
      create_agent: "AGENT",
      plan: "AGENT",
      invoke_workflow: "CHAIN",
      execute_tool: "TOOL",
      search_memory: "RETRIEVER",
      create_memory: "SPAN",
      update_memory: "SPAN",
      upsert_memory: "SPAN",
      delete_memory: "SPAN",
      create_memory_store: "SPAN",
      delete_memory_store: "SPAN",
    },
  },
  {
    attribute: "gen_ai.operation.name",
    sender: "AI SDK 7, Semantic Kernel, OpenLLMetry, Mastra before 1.0",
    url: "https://github.com/vercel/ai/blob/main/packages/otel/src/open-telemetry.ts",
    types: {
      rerank: "RETRIEVER",
      agent_step: "SPAN",
      "chat.completions": "GENERATION",
      "chat.streaming_completions": "GENERATION",
      "text.completions": "GENERATION",
      "text.streaming_completions": "GENERATION",
      "guardrail.run": "GUARDRAIL",
      guard: "GUARDRAIL",
      tool_selection: "GENERATION",
      "agent.run": "AGENT",
      "workflow.run": "CHAIN",
      "tool.execute": "TOOL",
    },
  },
  {
    attribute: "gen_ai.operation.name",
    sender: "Spring AI, OpenLIT",
    url: "https://docs.spring.io/spring-ai/reference/observability/index.html",
    types: { embedding: "EMBEDDING" },
  },
  {
    attribute: "genkit:metadata:subtype",
    sender: "Genkit",
    url: "https://github.com/firebase/genkit",
    types: {
      model: "GENERATION",
      "background-model": "GENERATION",
      embedder: "EMBEDDING",
      tool: "TOOL",
      "tool.v2": "TOOL",
      retriever: "RETRIEVER",
      evaluator: "EVALUATOR",
    },
  },
  {
    attribute: "traceloop.span.kind",
    sender: "OpenLLMetry",
    url: "https://github.com/traceloop/openllmetry-js/tree/main/packages/ai-semantic-conventions",
    types: { workflow: "CHAIN", task: "CHAIN", agent: "AGENT", tool: "TOOL" },
  },
  {
    attribute: "gen_ai.span.kind",
    sender: "LoongSuite, Dify",
    url: "https://github.com/langgenius/dify/blob/main/api/core/observability/otel/semconv/gen_ai.py",
    types: openInferenceKinds,
  },
  {
    attribute: "mlflow.spanType",
    sender: "MLflow",
    url: "https://mlflow.org/docs/latest/genai/concepts/span/",
    types: {
      ...openInferenceKinds,
      CHAT_MODEL: "GENERATION",
      WORKFLOW: "CHAIN",
      TASK: "CHAIN",
      PARSER: "CHAIN",
      MEMORY: "SPAN",
    },
  },
  {
    attribute: "mastra.span.type",
    sender: "Mastra",
    url: "https://github.com/mastra-ai/mastra/tree/main/observability/otel-exporter",
    types: {
      agent_run: "AGENT",
      workflow_run: "CHAIN",
      workflow_step: "CHAIN",
      model_generation: "GENERATION",
      model_step: "SPAN",
      model_chunk: "SPAN",
      tool_call: "TOOL",
      mcp_tool_call: "TOOL",
      provider_tool_call: "TOOL",
      rag_embedding: "EMBEDDING",
      rag_vector_operation: "RETRIEVER",
      scorer_run: "EVALUATOR",
    },
  },
  {
    attribute: "llm.request.type",
    sender: "OpenLLMetry",
    url: "https://github.com/traceloop/openllmetry-js/tree/main/packages/ai-semantic-conventions",
    types: { chat: "GENERATION", completion: "GENERATION", embedding: "EMBEDDING", rerank: "RETRIEVER" },
  },
  {
    attribute: "spring.ai.kind",
    sender: "Spring AI",
    url: "https://docs.spring.io/spring-ai/reference/observability/index.html",
    types: { chat_client: "CHAIN", advisor: "CHAIN", tool_call: "TOOL", vector_store: "RETRIEVER" },
  },
  {
    attribute: "braintrust.span_attributes",
    field: "type",
    sender: "Braintrust",
    url: "https://www.braintrust.dev/docs/integrations/sdk-integrations/opentelemetry",
    types: { llm: "GENERATION", tool: "TOOL", score: "EVALUATOR", task: "CHAIN", eval: "CHAIN", function: "SPAN" },
  },
  {
    attribute: "lmnr.span.type",
    sender: "Laminar, OpenHands",
    url: "https://github.com/lmnr-ai/lmnr-python/blob/main/src/lmnr/opentelemetry_lib/tracing/attributes.py",
    types: { LLM: "GENERATION", TOOL: "TOOL", EVALUATOR: "EVALUATOR", EVALUATION: "CHAIN", EXECUTOR: "CHAIN", PIPELINE: "CHAIN" },
  },
  {
    attribute: "langwatch.span.type",
    sender: "LangWatch",
    url: "https://docs.langwatch.ai/integration/opentelemetry/guide",
    types: {
      llm: "GENERATION",
      chain: "CHAIN",
      workflow: "CHAIN",
      tool: "TOOL",
      agent: "AGENT",
      rag: "RETRIEVER",
      guardrail: "GUARDRAIL",
      evaluation: "EVALUATOR",
    },
  },
  {
    attribute: "span.type",
    sender: "VoltAgent, Claude Code",
    url: "https://code.claude.com/docs/en/monitoring-usage",
    types: {
      agent: "AGENT",
      interaction: "AGENT",
      llm: "GENERATION",
      llm_request: "GENERATION",
      tool: "TOOL",
      retriever: "RETRIEVER",
      embedding: "EMBEDDING",
      guardrail: "GUARDRAIL",
      scorer: "EVALUATOR",
      workflow: "CHAIN",
      "workflow-step": "CHAIN",
    },
  },
];
