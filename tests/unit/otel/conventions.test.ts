/** What each convention sends, by kind of span: its type, input, output, model and parameters come out. */
import { describe, expect, it } from "vitest";
import { frameworkTypes } from "../../../core/otel/type-names.ts";
import { type JsonSpan, mapJson } from "./mapped-json.ts";

const text = JSON.stringify;
const messages = text([{ role: "user", parts: [{ type: "text", content: "hi" }] }]);
const answer = text([{ role: "assistant", parts: [{ type: "text", content: "hello" }] }]);

type Row = [label: string, span: JsonSpan, type: string, body: object];

const operation = (name: string, attributes: JsonSpan["attributes"] = {}): JsonSpan => ({
  attributes: { "gen_ai.operation.name": name, ...attributes },
});

const rows: Row[] = [
  [
    "GenAI conventions: retrieval",
    operation("retrieval", {
      "gen_ai.request.model": "text-embedding-3-small",
      "gen_ai.retrieval.query.text": "capital of France",
      "gen_ai.retrieval.documents": text([{ id: "d1", score: 0.9 }]),
      "gen_ai.retrieval.top_k": 3,
      "gen_ai.data_source.id": "store",
    }),
    "retriever-create",
    {
      input: "capital of France",
      output: '[{"id":"d1","score":0.9}]',
      model: "text-embedding-3-small",
      modelParameters: { top_k: 3 },
      metadata: { attributes: { "gen_ai.data_source.id": "store" } },
    },
  ],
  [
    "GenAI conventions: documents as a list of lists of pairs",
    operation("retrieval", { "gen_ai.retrieval.documents": [{ id: "d1", score: 0.5 }] }),
    "retriever-create",
    { output: [{ id: "d1", score: 0.5 }] },
  ],
  [
    "GenAI conventions: workflow",
    operation("invoke_workflow", {
      "gen_ai.workflow.name": "w",
      "gen_ai.input.messages": messages,
      "gen_ai.output.messages": answer,
    }),
    "chain-create",
    { input: messages, output: answer },
  ],
  ["GenAI conventions: plan", operation("plan", { "gen_ai.agent.name": "a" }), "agent-create", {}],
  [
    "GenAI conventions: chat with parameters",
    operation("chat", {
      "gen_ai.request.model": "gpt-4o",
      "gen_ai.response.model": "gpt-4o-2024-08-06",
      "gen_ai.request.temperature": 0.5,
      "gen_ai.request.choice.count": 2,
      "gen_ai.request.stop_sequences": ["a", "b"],
      "gen_ai.output.type": "json",
      "gen_ai.input.messages": messages,
      "gen_ai.output.messages": answer,
    }),
    "generation-create",
    {
      model: "gpt-4o-2024-08-06",
      modelParameters: { temperature: 0.5, "choice.count": 2, stop_sequences: '["a","b"]', output_type: "json" },
      input: messages,
      output: answer,
    },
  ],
  [
    "GenAI conventions: embeddings",
    operation("embeddings", { "gen_ai.request.model": "e", "gen_ai.embeddings.dimension.count": 512 }),
    "embedding-create",
    { model: "e", modelParameters: { dimensions: 512 } },
  ],
  [
    "GenAI conventions: tool",
    operation("execute_tool", {
      "gen_ai.tool.name": "search",
      "gen_ai.tool.type": "function",
      "gen_ai.tool.call.arguments": { q: 1 },
      "gen_ai.tool.call.result": text(["found"]),
    }),
    "tool-create",
    { name: "search", input: { q: 1 }, output: '["found"]' },
  ],
  [
    "GenAI conventions: memory that is searched",
    operation("search_memory", { "gen_ai.memory.query.text": "diet", "gen_ai.memory.records": text([{ content: "vegan" }]) }),
    "retriever-create",
    { input: "diet", output: '[{"content":"vegan"}]' },
  ],
  [
    "GenAI conventions: memory that is written",
    operation("create_memory", { "gen_ai.request.model": "m", "gen_ai.memory.records": text([{ content: "vegan" }]) }),
    "span-create",
    { input: '[{"content":"vegan"}]' },
  ],
  [
    "GenAI conventions: an event for each side",
    {
      ...operation("chat"),
      events: [
        { name: "gen_ai.client.inference.operation.details", attributes: { "gen_ai.input.messages": messages } },
        { name: "gen_ai.client.inference.operation.details", attributes: { "gen_ai.output.messages": answer } },
      ],
    },
    "generation-create",
    { input: messages, output: answer },
  ],
  [
    "OpenInference: embedding",
    {
      attributes: {
        "openinference.span.kind": "EMBEDDING",
        "embedding.model_name": "text-embedding-3-small",
        "embedding.invocation_parameters": text({ dimensions: 3 }),
        "embedding.embeddings.0.embedding.text": "one",
        "embedding.embeddings.1.embedding.text": "two",
        "embedding.embeddings.0.embedding.vector": [0.5, 0.25],
        "embedding.embeddings.1.embedding.vector": [0.75],
      },
    },
    "embedding-create",
    { model: "text-embedding-3-small", modelParameters: { dimensions: 3 }, input: ["one", "two"], output: [[0.5, 0.25], [0.75]] },
  ],
  [
    "OpenInference: one text, without a kind",
    { attributes: { "embedding.model_name": "e", "embedding.embeddings.0.embedding.text": "one" } },
    "embedding-create",
    { model: "e", input: "one" },
  ],
  [
    "OpenInference: retriever",
    {
      attributes: {
        "openinference.span.kind": "RETRIEVER",
        "input.value": "q",
        "retrieval.documents.0.document.id": "d1",
        "retrieval.documents.0.document.content": "text",
        "retrieval.documents.0.document.score": 0.5,
        "retrieval.documents.0.document.metadata": text({ page: 1 }),
      },
    },
    "retriever-create",
    { input: "q", output: [{ id: "d1", content: "text", score: 0.5, metadata: '{"page":1}' }] },
  ],
  [
    "OpenInference: reranker",
    {
      attributes: {
        "openinference.span.kind": "RERANKER",
        "reranker.model_name": "rerank-3",
        "reranker.query": "q",
        "reranker.top_k": 1,
        "reranker.input_documents.0.document.content": "a",
        "reranker.input_documents.1.document.content": "b",
        "reranker.output_documents.0.document.content": "b",
        "reranker.output_documents.0.document.score": 0.9,
      },
    },
    "retriever-create",
    {
      model: "rerank-3",
      modelParameters: { top_k: 1 },
      input: { query: "q", documents: [{ content: "a" }, { content: "b" }] },
      output: [{ content: "b", score: 0.9 }],
    },
  ],
  [
    "OpenInference: prompt template",
    { attributes: { "openinference.span.kind": "PROMPT", "llm.prompt_template.template": "{a}", "output.value": "A" } },
    "chain-create",
    { output: "A" },
  ],
  [
    "OpenInference: model of request and response",
    { attributes: { "llm.request.model_name": "auto", "llm.response.model_name": "gpt-5" } },
    "generation-create",
    { model: "gpt-5" },
  ],
  [
    "OpenInference: completions",
    { attributes: { "openinference.span.kind": "LLM", "llm.prompts.0.prompt.text": "p", "llm.choices.0.completion.text": "c" } },
    "generation-create",
    { input: [{ text: "p" }], output: [{ text: "c" }] },
  ],
  ...["workflow", "task", "agent", "tool"].map(
    (kind, index): Row => [
      `OpenLLMetry: ${kind}`,
      {
        attributes: {
          "traceloop.span.kind": kind,
          "traceloop.entity.name": "e",
          "traceloop.entity.input": '{"a":1}',
          "traceloop.entity.output": '"x"',
        },
      },
      ["chain-create", "chain-create", "agent-create", "tool-create"][index] ?? "",
      { input: '{"a":1}', output: '"x"' },
    ],
  ),
  [
    "OpenLLMetry: reranker",
    { attributes: { "llm.request.type": "rerank", "gen_ai.request.model": "rerank-3", "llm.top_k": 2 } },
    "retriever-create",
    { model: "rerank-3", modelParameters: { top_k: 2 } },
  ],
  [
    "OpenLLMetry: guardrail",
    operation("guard", { "gen_ai.guardrail.input": "in", "gen_ai.guardrail.output": "out" }),
    "guardrail-create",
    { input: "in", output: "out" },
  ],
  [
    "AI SDK 4 to 6: embedMany, the call",
    {
      scope: "ai",
      attributes: {
        "ai.operationId": "ai.embedMany.doEmbed",
        "operation.name": "ai.embedMany.doEmbed",
        "ai.model.id": "text-embedding-3-small",
        "ai.values": ['"sunny"', '"rain"'],
        "ai.embeddings": ["[0.5,0.25]", "[1]"],
        "ai.usage.tokens": 9,
      },
    },
    "embedding-create",
    { model: "text-embedding-3-small", input: ["sunny", "rain"], output: [[0.5, 0.25], [1]] },
  ],
  [
    "AI SDK 4 to 6: embed, the outer span",
    { scope: "ai", attributes: { "ai.operationId": "ai.embed", "ai.model.id": "e", "ai.value": '"one"', "ai.embedding": "[0.5]" } },
    "span-create",
    { input: "one", output: [0.5] },
  ],
  [
    "AI SDK with a tracer of another name",
    {
      scope: "my-app",
      attributes: {
        "ai.operationId": "ai.generateText.doGenerate",
        "ai.model.id": "m",
        "ai.prompt.messages": "[]",
        "ai.response.text": "t",
      },
    },
    "generation-create",
    { input: "[]", output: "t" },
  ],
  [
    "AI SDK 6: rerank",
    {
      scope: "ai",
      attributes: {
        "ai.operationId": "ai.rerank.doRerank",
        "ai.model.id": "rerank-3",
        "ai.documents": ['"a"', '{"b":1}'],
        "ai.ranking": ['{"index":1,"relevanceScore":0.5}'],
      },
    },
    "retriever-create",
    { model: "rerank-3", input: ["a", { b: 1 }], output: [{ index: 1, relevanceScore: 0.5 }] },
  ],
  [
    "AI SDK 7: the call of a model",
    {
      ...operation("chat", {
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2024-08-06",
        "gen_ai.request.temperature": 0.3,
        "gen_ai.input.messages": messages,
        "gen_ai.output.messages": answer,
        "gen_ai.client.operation.time_to_first_chunk": 0.25,
      }),
      scope: "gen_ai",
    },
    "generation-create",
    {
      model: "gpt-4o-2024-08-06",
      modelParameters: { temperature: 0.3 },
      input: messages,
      output: answer,
      completionStartTime: "2026-11-22T10:00:00.250000Z",
    },
  ],
  ["AI SDK 7: a step", { ...operation("agent_step"), scope: "gen_ai" }, "span-create", {}],
  [
    "AI SDK 7: rerank",
    { ...operation("rerank", { "gen_ai.request.model": "r", "ai.documents": ['"a"'] }), scope: "gen_ai" },
    "retriever-create",
    { input: ["a"], model: "r" },
  ],
  [
    "Mastra: the call of a model",
    operation("chat", {
      "mastra.span.type": "model_generation",
      "gen_ai.request.model": "m",
      "gen_ai.input.messages": messages,
      "gen_ai.output.messages": answer,
      "mastra.completion_start_time": "2026-11-22T10:00:00.750Z",
    }),
    "generation-create",
    { input: messages, output: answer, completionStartTime: "2026-11-22T10:00:00.750000Z" },
  ],
  [
    "Mastra: agent with instructions",
    operation("invoke_agent", {
      "mastra.span.type": "agent_run",
      "mastra.agent_run.input": "in",
      "mastra.agent_run.output": "out",
      "gen_ai.system_instructions": "Be brief.",
    }),
    "agent-create",
    { input: "in", output: "out", metadata: { attributes: { "gen_ai.system_instructions": "Be brief." } } },
  ],
  [
    "Mastra: step of a workflow",
    operation("workflow_step", { "mastra.span.type": "workflow_step", "mastra.workflow_step.input": "in" }),
    "chain-create",
    { input: "in" },
  ],
  ["Mastra: scorer", operation("scorer_run", { "mastra.span.type": "scorer_run" }), "evaluator-create", {}],
  [
    "Mastra before 1.0: tool",
    operation("tool.execute", { "gen_ai.tool.input": "in", "gen_ai.tool.output": "out" }),
    "tool-create",
    { input: "in", output: "out" },
  ],
  [
    "LangSmith: model",
    operation("chat", {
      "langsmith.span.kind": "llm",
      "gen_ai.request.model": "m",
      "gen_ai.prompt": '{"messages":[]}',
      "gen_ai.completion": '{"generations":[]}',
    }),
    "generation-create",
    { input: '{"messages":[]}', output: '{"generations":[]}', model: "m" },
  ],
  [
    "LangSmith: retriever, whose operation is said to be embeddings",
    operation("embeddings", { "langsmith.span.kind": "retriever" }),
    "retriever-create",
    {},
  ],
  [
    "LangSmith: prompt template, whose operation is said to be chat",
    operation("chat", { "langsmith.span.kind": "prompt" }),
    "chain-create",
    {},
  ],
  [
    "Strands: tool",
    {
      ...operation("execute_tool", { "gen_ai.tool.name": "t" }),
      events: [
        { name: "gen_ai.tool.message", attributes: { role: "tool", content: '{"q":1}', id: "c1" } },
        { name: "gen_ai.choice", attributes: { message: '[{"text":"6"}]', id: "c1" } },
      ],
    },
    "tool-create",
    { input: [{ role: "tool", content: '{"q":1}', id: "c1" }], output: { message: '[{"text":"6"}]', id: "c1" } },
  ],
  [
    "Google ADK: data that is sent",
    { attributes: { "gcp.vertex.agent.data": text([{ role: "user" }]) } },
    "span-create",
    { input: '[{"role":"user"}]' },
  ],
  [
    "Spring AI: tool",
    {
      attributes: {
        "spring.ai.kind": "tool_call",
        "gen_ai.operation.name": "framework",
        "spring.ai.tool.definition.name": "t",
        "spring.ai.tool.call.arguments": "{}",
        "spring.ai.tool.call.result": "1",
      },
    },
    "tool-create",
    { input: "{}", output: "1" },
  ],
  [
    "Spring AI: vector store",
    {
      attributes: {
        "spring.ai.kind": "vector_store",
        "db.operation.name": "query",
        "db.vector.query.content": "q",
        "db.vector.query.response.documents": "[]",
      },
    },
    "retriever-create",
    { input: "q", output: "[]" },
  ],
  [
    "Semantic Kernel: streamed chat",
    operation("chat.streaming_completions", { "gen_ai.request.model": "gpt-4o" }),
    "generation-create",
    { model: "gpt-4o" },
  ],
  [
    "Haystack: component",
    { attributes: { "haystack.component.name": "c", "haystack.component.input": '{"a":1}', "haystack.component.output": '{"b":2}' } },
    "span-create",
    { input: '{"a":1}', output: '{"b":2}' },
  ],
  [
    "Haystack: pipeline",
    { attributes: { "haystack.pipeline.input_data": "{}", "haystack.pipeline.output_data": '{"x":1}' } },
    "span-create",
    { input: "{}", output: '{"x":1}' },
  ],
  [
    "MLflow: chat model",
    { attributes: { "mlflow.spanType": '"CHAT_MODEL"', "mlflow.spanInputs": '{"x":1}', "mlflow.spanOutputs": "2" } },
    "generation-create",
    { input: '{"x":1}', output: "2" },
  ],
  [
    "LoongSuite: retriever",
    { attributes: { "gen_ai.span.kind": "RETRIEVER", "retrieval.query": "q", "retrieval.document": "[1]" } },
    "retriever-create",
    { input: "q", output: "[1]" },
  ],
  [
    "LiveKit: names with pii",
    {
      scope: "livekit-agents",
      attributes: { "lk.pii.function_tool.arguments": "{}", "lk.pii.function_tool.output": "ok" },
    },
    "span-create",
    { input: "{}", output: "ok" },
  ],
  [
    "Sentry and Mastra: messages and tools among the parameters of the request",
    operation("chat", {
      "gen_ai.request.model": "gpt-4o",
      "gen_ai.request.temperature": 0.5,
      "gen_ai.request.messages": text([{ role: "user", content: "hi" }]),
      "gen_ai.request.available_tools": text([{ name: "search", description: "finds" }]),
      "gen_ai.response.text": "hello",
    }),
    "generation-create",
    {
      input: '[{"role":"user","content":"hi"}]',
      output: "hello",
      modelParameters: { temperature: 0.5 },
      otel: { toolDefinitions: { search: '{"description":"finds","parameters":""}' } },
    },
  ],
  [
    "Sentry: an answer that only calls tools",
    operation("chat", { "gen_ai.request.model": "m", "gen_ai.response.tool_calls": text([{ id: "c1", name: "search", arguments: "{}" }]) }),
    "generation-create",
    { output: '[{"id":"c1","name":"search","arguments":"{}"}]', otel: { toolCallNames: ["search"] } },
  ],
  [
    "a prompt that has a name beside its messages",
    { attributes: { "gen_ai.prompt.name": "analyze", "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "hi" } },
    "span-create",
    { input: [{ role: "user", content: "hi" }], metadata: { attributes: { "gen_ai.prompt.name": "analyze" } } },
  ],
  [
    "Langfuse's names as many set them by hand",
    {
      attributes: {
        "langfuse.observation.model": "gpt-4o",
        "langfuse.observation.model_parameters": text({ temperature: 0.5 }),
        "langfuse.trace.environment": "staging",
      },
    },
    "generation-create",
    { model: "gpt-4o", modelParameters: { temperature: 0.5 }, environment: "staging" },
  ],
  [
    "Logfire's client of OpenAI",
    {
      scope: "logfire.openai",
      attributes: {
        "gen_ai.request.model": "gpt-4o",
        request_data: text({ messages: [] }),
        response_data: text({ message: { content: "hello" } }),
      },
    },
    "generation-create",
    { input: text({ messages: [] }), output: text({ message: { content: "hello" } }) },
  ],
  [
    "Logfire's client of OpenAI by the GenAI conventions, whose request is the model alone",
    {
      scope: "logfire.openai",
      attributes: {
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.input.messages": text([{ role: "user", parts: [] }]),
        "gen_ai.output.messages": text([{ role: "assistant", parts: [] }]),
        request_data: text({ model: "gpt-4o" }),
        response_data: text({ message: {} }),
      },
    },
    "generation-create",
    { input: text([{ role: "user", parts: [] }]), output: text([{ role: "assistant", parts: [] }]) },
  ],
  [
    "Logfire's client of OpenAI without content",
    { scope: "logfire.openai", attributes: { "gen_ai.request.model": "gpt-4o", request_data: text({ model: "gpt-4o" }) } },
    "generation-create",
    { metadata: { attributes: { request_data: text({ model: "gpt-4o" }) } } },
  ],
  [
    "MLflow's model, as JSON",
    { attributes: { "mlflow.spanType": '"LLM"', "mlflow.llm.model": '"gpt-4o"' } },
    "generation-create",
    { model: "gpt-4o" },
  ],
  [
    "Braintrust's model",
    {
      attributes: {
        "braintrust.span_attributes": text({ type: "llm" }),
        "braintrust.metadata": text({ model: "gpt-4o", provider: "openai" }),
      },
    },
    "generation-create",
    { model: "gpt-4o" },
  ],
  [
    "AI SDK: every parameter of the request",
    {
      scope: "ai",
      attributes: {
        "ai.operationId": "ai.generateText.doGenerate",
        "ai.model.id": "gpt-4o",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.max_tokens": 5,
        "gen_ai.request.top_p": 0.9,
        "gen_ai.request.stop_sequences": ["a", "b"],
      },
    },
    "generation-create",
    { modelParameters: { temperature: "0.5", maxTokens: "5", top_p: "0.9", stop_sequences: '["a","b"]' } },
  ],
  ["a model of VoltAgent", { attributes: { "span.type": "llm", "llm.model": "gpt-4o" } }, "generation-create", { model: "gpt-4o" }],
  [
    "Azure's events, each with its message as JSON",
    {
      ...operation("chat"),
      events: [
        { name: "gen_ai.developer.message", attributes: { "gen_ai.event.content": text({ role: "developer", content: "Be brief." }) } },
        { name: "gen_ai.user.message", attributes: { "gen_ai.event.content": text({ role: "user", content: "hi" }) } },
        { name: "gen_ai.choice", attributes: { "gen_ai.event.content": text({ index: 0, message: { content: "hello" } }) } },
      ],
    },
    "generation-create",
    {
      input: [
        { role: "developer", content: "Be brief." },
        { role: "user", content: "hi" },
      ],
      output: { index: 0, message: { content: "hello" } },
    },
  ],
  [
    "events whose one attribute is the text",
    { events: [{ name: "gen_ai.user.message", attributes: { "gen_ai.event.content": "hi" } }] },
    "span-create",
    { input: [{ role: "user", content: "hi" }] },
  ],
  [
    "LiveKit: an answer that only calls tools",
    {
      scope: "livekit-agents",
      attributes: { "lk.pii.response.function_calls": text([{ type: "function_call", name: "f", arguments: "{}" }]) },
    },
    "span-create",
    { output: '[{"type":"function_call","name":"f","arguments":"{}"}]', otel: { toolCallNames: ["f"] } },
  ],
  [
    "OpenLLMetry before the GenAI conventions",
    { attributes: { "llm.prompts.0.content": "hi", "llm.completions.0.content": "hello" } },
    "span-create",
    { input: [{ content: "hi" }], output: [{ content: "hello" }] },
  ],
  [
    "Langtrace before the GenAI conventions",
    { attributes: { "llm.prompts": messages, "llm.responses": answer } },
    "span-create",
    { input: messages, output: answer },
  ],
  [
    "OpenLIT",
    { attributes: { "gen_ai.content.prompt": "hi", "gen_ai.content.completion": "hello" } },
    "span-create",
    { input: "hi", output: "hello" },
  ],
  [
    "Semantic Kernel's agents",
    operation("invoke_agent", { "gen_ai.agent.invocation_input": "hi", "gen_ai.agent.invocation_output": "hello" }),
    "agent-create",
    { input: "hi", output: "hello" },
  ],
  [
    "Braintrust",
    {
      attributes: {
        "braintrust.span_attributes": text({ type: "llm" }),
        "braintrust.input_json": messages,
        "braintrust.output_json": answer,
      },
    },
    "generation-create",
    { input: messages, output: answer },
  ],
  [
    "Laminar",
    { attributes: { "lmnr.span.type": "TOOL", "lmnr.span.input": "{}", "lmnr.span.output": "3" } },
    "tool-create",
    { input: "{}", output: "3" },
  ],
  [
    "LangWatch",
    { attributes: { "langwatch.span.type": "rag", "langwatch.input": "q", "langwatch.output": "docs" } },
    "retriever-create",
    { input: "q", output: "docs" },
  ],
  [
    "Claude Code: a turn",
    { scope: "com.anthropic.claude_code.tracing", attributes: { "span.type": "interaction", user_prompt: "hi" } },
    "agent-create",
    { input: "hi" },
  ],
  [
    "Claude Code: a model call",
    {
      scope: "com.anthropic.claude_code.tracing",
      attributes: { "span.type": "llm_request", new_context: "hi", "response.model_output": "hello" },
    },
    "generation-create",
    { input: "hi", output: "hello" },
  ],
  [
    "Claude Code: a tool",
    {
      scope: "com.anthropic.claude_code.tracing",
      attributes: { "span.type": "tool", tool_name: "Bash", tool_input: "{}" },
      events: [{ name: "tool.output", attributes: { output: "x" } }],
    },
    "tool-create",
    { input: "{}", output: "x" },
  ],
  ["Gemini CLI", { attributes: { "input-json": "{}", "output-json": "[]" } }, "span-create", { input: "{}", output: "[]" }],
  ["VS Code Copilot: an agent", operation("invoke_agent", { "copilot_chat.user_request": "hi" }), "agent-create", { input: "hi" }],
  ["Pipecat: speech to text", { scope: "pipecat", attributes: { transcript: "hi" } }, "span-create", { output: "hi" }],
  ["Pipecat: text to speech", { scope: "pipecat", attributes: { text: "hello" } }, "span-create", { input: "hello" }],
];

describe("the span of a convention has type, input, output and model in their fields", () => {
  it.each(rows)("%s", (_, span, type, body) => {
    expect(mapJson(span).observation).toMatchObject({ type, body });
  });
});

it("a name of a model that no agent ran is an attribute like others", () => {
  const { observation, left } = mapJson({ attributes: { model_name: "Model T" } });
  expect(observation.body).not.toHaveProperty("model");
  expect(left).toEqual({ model_name: "Model T" });
});

describe("types", () => {
  const values = frameworkTypes.flatMap(({ attribute, field, types }) =>
    Object.entries(types).map(([value, type]): [string, string, string] => [
      attribute,
      field === undefined ? value : text({ name: "n", [field]: value }),
      type,
    ]),
  );
  it.each(values)("%s %s is %s", (attribute, value, type) => {
    expect(mapJson({ attributes: { [attribute]: value } }).observation.type).toBe(`${type.toLowerCase()}-create`);
  });

  it.each([
    ["langfuse.observation.type", "GENERATION", "generation-create"],
    ["langfuse.observation.type", "Agent", "agent-create"],
    ["openinference.span.kind", "llm", "generation-create"],
    ["traceloop.span.kind", "TOOL", "tool-create"],
    ["mlflow.spanType", '"chat_model"', "generation-create"],
    ["gen_ai.operation.name", "Execute_Tool ", "tool-create"],
  ])("%s %s is the same kind in another case: %s", (attribute, value, type) => {
    expect(mapJson({ attributes: { [attribute]: value } }).observation.type).toBe(type);
  });

  it("a tool of Spring AI is one, though its operation is that of every span of the framework", () => {
    expect(mapJson(operation("framework", { "spring.ai.kind": "tool_call" })).observation.type).toBe("tool-create");
  });

  it("an embedding of Spring AI is one, though it names a model", () => {
    expect(mapJson(operation("embedding", { "gen_ai.request.model": "text-embedding-3-small" })).observation.type).toBe("embedding-create");
  });

  it("each kind stands once", () => {
    expect(new Set(values.map(([attribute, value]) => `${attribute} ${value}`)).size).toBe(values.length);
  });
});
