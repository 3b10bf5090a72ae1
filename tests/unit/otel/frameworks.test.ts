import { describe, expect, it } from "vitest";
import { mapOne, type OneSpan } from "./mapped-spans.ts";

const text = JSON.stringify;

type Row = [label: string, span: OneSpan, type: string, body: object];

const frameworks: Row[] = [
  [
    "Langfuse's SDK",
    {
      scope: "langfuse-sdk",
      attributes: {
        "langfuse.observation.type": "generation",
        "langfuse.observation.input": text({ question: "?" }),
        "langfuse.observation.output": "42",
        "langfuse.observation.model.name": "gpt-5",
        "langfuse.observation.model.parameters": text({ temperature: 0.2, stop: ["x"], stream: true }),
        "langfuse.observation.usage_details": text({ input: 10, output: 5 }),
        "langfuse.observation.cost_details": text({ total: 0.25, input: -1 }),
        "langfuse.observation.prompt.name": "greeting",
        "langfuse.observation.prompt.version": 3,
        "langfuse.observation.level": "WARN",
        "langfuse.observation.status_message": "slow",
        "langfuse.observation.completion_start_time": '"2026-09-21T14:13:21.5Z"',
        "langfuse.observation.metadata": text({ a: 1 }),
        "langfuse.observation.metadata.b": "two",
        "langfuse.version": "v9",
        "langfuse.environment": "prod",
      },
    },
    "generation-create",
    {
      input: text({ question: "?" }),
      output: "42",
      model: "gpt-5",
      modelParameters: { temperature: 0.2, stop: '["x"]', stream: "true" },
      usageDetails: { input: 10, output: 5 },
      costDetails: { total: 0.25 },
      promptName: "greeting",
      promptVersion: 3,
      level: "WARNING",
      statusMessage: "slow",
      completionStartTime: "2026-09-21T14:13:21.500000Z",
      metadata: {
        a: 1,
        b: "two",
        scope: { name: "langfuse-sdk", version: "1.2.3", attributes: {} },
        resourceAttributes: expect.any(Object),
      },
      version: "v9",
      environment: "prod",
    },
  ],
  [
    "Langfuse's Python SDK before 3.4",
    {
      scope: "langfuse-sdk",
      scopeVersion: "3.3.0",
      resource: { "telemetry.sdk.language": "python" },
      attributes: { "langfuse.observation.type": "span", "langfuse.observation.model.name": "gpt-4" },
    },
    "generation-create",
    { model: "gpt-4" },
  ],
  [
    "Langfuse's Python SDK from 3.4 on",
    {
      scope: "langfuse-sdk",
      scopeVersion: "3.4.0",
      resource: { "telemetry.sdk.language": "python" },
      attributes: { "langfuse.observation.type": "span", "langfuse.observation.model.name": "gpt-4" },
    },
    "span-create",
    {},
  ],
  [
    "OpenInference",
    {
      attributes: {
        "openinference.span.kind": "LLM",
        "llm.model_name": "gpt-5",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "hi",
        "llm.input_messages.1.message.role": "assistant",
        "llm.output_messages.0.message.content": "hello",
        "llm.invocation_parameters": text({ temperature: 0.5 }),
        "llm.token_count.prompt": 80,
        "llm.token_count.completion": 150,
        "llm.token_count.completion_details.reasoning": 120,
        "llm.token_count.prompt_details.cache_read": 30,
        "llm.token_count.total": 230,
        "llm.cost.total": 0.5,
      },
    },
    "generation-create",
    {
      model: "gpt-5",
      input: [{ message: { role: "user", content: "hi" } }, { message: { role: "assistant" } }],
      output: [{ message: { content: "hello" } }],
      modelParameters: { temperature: 0.5 },
      usageDetails: { input: 50, output: 30, total: 230, input_cached_tokens: 30, output_reasoning_tokens: 120 },
      costDetails: { total: 0.5 },
    },
  ],
  [
    "OpenInference retriever",
    { attributes: { "openinference.span.kind": "RETRIEVER", "input.value": "q", "output.value": "docs" } },
    "retriever-create",
    { input: "q", output: "docs" },
  ],
  [
    "OpenLLMetry",
    {
      scope: "opentelemetry.instrumentation.openai.v1",
      attributes: {
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2024",
        "gen_ai.request.temperature": 0.7,
        "gen_ai.prompt.0.role": "user",
        "gen_ai.prompt.0.content": "hi",
        "gen_ai.completion.0.content": "hello",
        "gen_ai.completion.0.tool_calls.0.name": "search",
        "gen_ai.completion.0.tool_calls.0.arguments": "{}",
        "gen_ai.usage.prompt_tokens": 5,
        "gen_ai.usage.completion_tokens": 7,
        "llm.usage.total_tokens": 12,
      },
    },
    "generation-create",
    {
      model: "gpt-4o-2024",
      modelParameters: { temperature: 0.7 },
      input: [{ role: "user", content: "hi" }],
      output: [{ content: "hello", tool_calls: [{ name: "search", arguments: "{}" }] }],
      usageDetails: { input: 5, output: 7, total: 12 },
      otel: { toolCalls: [text({ id: "", arguments: "{}", type: "", index: 0 })], toolCallNames: ["search"] },
    },
  ],
  [
    "TraceLoop workflow",
    { attributes: { "traceloop.entity.input": "in", "traceloop.entity.output": "out" } },
    "span-create",
    { input: "in", output: "out" },
  ],
  [
    "MLflow",
    { attributes: { "mlflow.spanInputs": '{"x":1}', "mlflow.spanOutputs": "2" } },
    "span-create",
    { input: '{"x":1}', output: "2" },
  ],
  [
    "Vercel AI SDK",
    {
      scope: "ai",
      attributes: {
        "operation.name": "ai.generateText.doGenerate my-function",
        "ai.operationId": "ai.generateText.doGenerate",
        "ai.telemetry.functionId": "my-function",
        "ai.model.id": "claude-5",
        "ai.model.provider": "anthropic",
        "ai.prompt.messages": '[{"role":"user","content":"hi"}]',
        "ai.response.text": "",
        "ai.response.toolCalls": '[{"toolCallId":"c1","toolName":"search","input":{"q":1}}]',
        "ai.settings.maxRetries": 2,
        "gen_ai.request.max_tokens": 100,
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 48183,
        "gen_ai.usage.output_tokens": 714,
        "ai.usage.reasoningTokens": '{"intValue":14}',
        "ai.response.msToFirstChunk": 120.2,
        "ai.response.providerMetadata": text({
          openai: { serviceTier: "priority" },
          anthropic: {
            usage: {
              cache_read_input_tokens: 47105,
              cache_creation_input_tokens: 1076,
              cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 1076 },
            },
          },
        }),
        "ai.telemetry.metadata.userId": "u1",
        "ai.telemetry.metadata.sessionId": "s1",
        "ai.telemetry.metadata.tags": ["a", "b"],
        "ai.telemetry.metadata.plan": "pro",
        "ai.telemetry.metadata.langfusePrompt": text({ name: "p", version: 2 }),
      },
    },
    "generation-create",
    {
      name: "my-function:ai.generateText.doGenerate",
      model: "claude-5",
      input: '[{"role":"user","content":"hi"}]',
      output: text({ role: "assistant", content: "", tool_calls: '[{"toolCallId":"c1","toolName":"search","input":{"q":1}}]' }),
      modelParameters: { system: "anthropic", maxRetries: "2", maxTokens: "100", finishReason: "stop", service_tier: "priority" },
      usageDetails: {
        input: 2,
        output: 700,
        input_cached_tokens: 47105,
        input_cache_creation: 0,
        input_cache_creation_5m: 0,
        input_cache_creation_1h: 1076,
        output_reasoning_tokens: 14,
      },
      completionStartTime: "2026-09-21T14:13:20.244456Z",
      promptName: "p",
      promptVersion: 2,
      metadata: expect.objectContaining({ plan: "pro" }),
      otel: { toolCallNames: ["search"], toolCalls: [text({ id: "c1", arguments: '{"q":1}', type: "", index: 0 })] },
    },
  ],
  [
    "Vercel AI SDK's outer span",
    { scope: "ai", attributes: { "ai.operationId": "ai.generateText", "ai.model.id": "m", "ai.usage.cachedInputTokens": 9 } },
    "span-create",
    { name: "ai.generateText" },
  ],
  [
    "Vercel AI SDK's tool call",
    {
      scope: "ai",
      attributes: { "ai.operationId": "ai.toolCall", "ai.toolCall.name": "search", "ai.toolCall.args": "{}", "ai.toolCall.result": "[]" },
    },
    "tool-create",
    { name: "search", input: "{}", output: "[]" },
  ],
  [
    "Vercel AI SDK's embedding",
    { scope: "ai", attributes: { "ai.operationId": "ai.embed.doEmbed", "ai.model.id": "e", "ai.usage.tokens": 4 } },
    "embedding-create",
    { usageDetails: { total: 4 } },
  ],
  [
    "Vercel AI SDK on Bedrock",
    {
      scope: "ai",
      attributes: {
        "gen_ai.usage.input_tokens": 100,
        "ai.response.providerMetadata": text({
          bedrock: { usage: { cacheReadInputTokens: 40, cacheWriteInputTokens: 0, cacheCreationInputTokens: 10 } },
        }),
      },
    },
    "span-create",
    { otel: { rollUp: { usageDetails: { input: 50, input_cached_tokens: 40, input_cache_creation: 10 } } } },
  ],
  [
    "Genkit",
    {
      scope: "genkit-tracer",
      attributes: {
        "genkit:metadata:subtype": "model",
        "genkit:name": "googleai/gemini-3",
        "genkit:input": text({
          messages: [{ role: "user" }],
          config: { temperature: 1 },
          tools: [{ name: "search", inputSchema: { type: "object" } }],
        }),
        "genkit:output": text({
          message: { role: "model" },
          usage: { inputTokens: 42, outputTokens: 17, totalTokens: 62, thoughtsTokens: 3, cachedContentTokens: 2 },
        }),
      },
    },
    "generation-create",
    {
      name: "googleai/gemini-3",
      model: "googleai/gemini-3",
      input: [{ role: "user" }],
      output: { role: "model" },
      modelParameters: { temperature: 1 },
      usageDetails: { input: 40, output: 17, total: 62, input_cached_tokens: 2, output_reasoning_tokens: 3 },
      otel: { toolDefinitions: { search: text({ description: "", parameters: '{"type":"object"}' }) } },
    },
  ],
  [
    "Genkit flow",
    { scope: "genkit-tracer", attributes: { "genkit:metadata:subtype": "flow", "genkit:input": '"in"', "genkit:output": '"out"' } },
    "span-create",
    { input: '"in"', output: '"out"' },
  ],
  [
    "pydantic-ai's agent",
    {
      scope: "pydantic-ai",
      attributes: {
        "gen_ai.operation.name": "invoke_agent",
        "logfire.msg": "agent run",
        "pydantic_ai.all_messages": '[{"role":"user","parts":[]}]',
        "gen_ai.system_instructions": '[{"type":"text","content":"Be brief."},{"type":"text","content":"Be right."}]',
        final_result: "done",
        "gen_ai.request.model": "gpt-5",
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.cost": 0.1,
      },
    },
    "agent-create",
    { name: "agent run", input: '[{"role":"system","content":"Be brief.\\nBe right."},{"role":"user","parts":[]}]', output: "done" },
  ],
  [
    "pydantic-ai's tool",
    {
      scope: "pydantic-ai",
      attributes: { "gen_ai.tool.name": "roll", "gen_ai.tool.call.id": "c", tool_arguments: "{}", tool_response: "6" },
    },
    "tool-create",
    { name: "roll", input: "{}", output: "6" },
  ],
  [
    "Logfire",
    {
      scope: "logfire",
      attributes: {
        events: text([
          { "event.name": "gen_ai.user.message", content: "hi" },
          { "event.name": "gen_ai.choice", index: 0 },
        ]),
      },
    },
    "span-create",
    { input: [{ "event.name": "gen_ai.user.message", content: "hi" }], output: { "event.name": "gen_ai.choice", index: 0 } },
  ],
  ["Logfire's agent", { attributes: { prompt: "hi", all_messages_events: "[]" } }, "span-create", { input: "hi", output: "[]" }],
  [
    "LiveKit's turn",
    { name: "agent_turn", scope: "livekit-agents", attributes: { "lk.user_input": "hi", "lk.response.text": "hello" } },
    "agent-create",
    { input: "hi", output: "hello", level: "DEFAULT" },
  ],
  ["LiveKit's noise", { name: "tts_node", scope: "livekit-agents" }, "span-create", { level: "DEBUG" }],
  [
    "Google ADK",
    {
      scope: "gcp.vertex.agent",
      attributes: {
        "gen_ai.request.model": "gemini-3",
        "gcp.vertex.agent.llm_request": '{"contents":[]}',
        "gcp.vertex.agent.llm_response": text({ usage_metadata: { cached_content_token_count: 4, thoughts_token_count: 7 } }),
        "gen_ai.usage.input_tokens": 20,
        "gen_ai.usage.output_tokens": 5,
      },
    },
    "generation-create",
    { input: '{"contents":[]}', usageDetails: { input: 16, output: 5, input_cached_tokens: 4, output_reasoning_tokens: 7 } },
  ],
  [
    "Google ADK's tool",
    {
      attributes: {
        "gen_ai.operation.name": "execute_tool",
        "gcp.vertex.agent.llm_request": "{}",
        "gcp.vertex.agent.llm_response": "{}",
        "gcp.vertex.agent.tool_call_args": '{"a":1}',
        "gcp.vertex.agent.tool_response": '{"b":2}',
      },
    },
    "tool-create",
    { input: '{"a":1}', output: '{"b":2}' },
  ],
  [
    "Semantic Kernel",
    {
      attributes: { "gen_ai.operation.name": "chat.completions" },
      events: [
        { name: "gen_ai.content.prompt", attributes: { "gen_ai.prompt": "hi" } },
        { name: "gen_ai.content.completion", attributes: { "gen_ai.completion": "hello" } },
      ],
    },
    "generation-create",
    { input: "hi", output: "hello" },
  ],
  [
    "events for messages",
    {
      attributes: { "gen_ai.operation.name": "chat" },
      events: [
        { name: "gen_ai.system.message", attributes: { content: "Be brief." } },
        { name: "gen_ai.user.message", attributes: { content: "hi" } },
        { name: "gen_ai.choice", attributes: { index: 0, message: "hello" } },
      ],
    },
    "generation-create",
    {
      input: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "hi" },
      ],
      output: { index: 0, message: "hello" },
    },
  ],
  [
    "one event for all messages",
    {
      attributes: { "gen_ai.operation.name": "chat" },
      events: [
        {
          name: "gen_ai.client.inference.operation.details",
          attributes: { "gen_ai.input.messages": "[]", "gen_ai.output.messages": '[{"role":"assistant"}]' },
        },
      ],
    },
    "generation-create",
    { input: "[]", output: '[{"role":"assistant"}]' },
  ],
  [
    "the GenAI conventions",
    {
      attributes: {
        "gen_ai.operation.name": "chat",
        "gen_ai.input.messages": '[{"role":"user","parts":[]}]',
        "gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"search","arguments":{"q":1}}]}]',
        "gen_ai.system_instructions": '[{"parts":[{"type":"text","content":"x"}]}]',
        "gen_ai.tool.definitions": text([
          { type: "function", function: { name: "search", description: "finds", parameters: { type: "object" } } },
        ]),
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.cache_read.input_tokens": 30,
        "gen_ai.usage.cache_creation.input_tokens": 20,
        "gen_ai.usage.output_tokens": 600,
        "gen_ai.usage.reasoning.output_tokens": 500,
        "gen_ai.usage.details.image_tokens": 1,
      },
    },
    "generation-create",
    {
      input: '[{"role":"system","parts":[{"type":"text","content":"x"}]},{"role":"user","parts":[]}]',
      usageDetails: {
        input: 50,
        output: 100,
        input_cached_tokens: 30,
        input_cache_creation: 20,
        output_reasoning_tokens: 500,
      },
      otel: {
        toolDefinitions: { search: text({ description: "finds", parameters: '{"type":"object"}' }) },
        toolCalls: [text({ id: "c1", arguments: '{"q":1}', type: "tool_call", index: 0 })],
        toolCallNames: ["search"],
      },
    },
  ],
  [
    "tools of the GenAI conventions",
    { attributes: { "gen_ai.tool.name": "t", "gen_ai.tool.call.arguments": "{}", "gen_ai.tool.call.result": "1" } },
    "tool-create",
    { name: "t", input: "{}", output: "1" },
  ],
  [
    "cost of the GenAI conventions",
    { attributes: { "gen_ai.usage.cost": "0.001" } },
    "span-create",
    { otel: { rollUp: { costDetails: { total: 0.001 } } } },
  ],
  [
    "the service tier of OpenAI's response, over the one that was requested",
    {
      attributes: {
        "gen_ai.request.model": "gpt-5",
        "openai.request.service_tier": "priority",
        "openai.response.service_tier": "default",
        "gen_ai.request.temperature": 1,
      },
    },
    "generation-create",
    { modelParameters: { service_tier: "default", temperature: 1 } },
  ],
  [
    "the service tier of OpenAI's response alone",
    { attributes: { "gen_ai.request.model": "gpt-5", "gen_ai.openai.response.service_tier": "flex" } },
    "generation-create",
    { modelParameters: { service_tier: "flex" } },
  ],
  [
    "MLflow's model, as JSON text",
    {
      attributes: {
        "mlflow.spanType": '"CHAT_MODEL"',
        "mlflow.llm.model": '"gpt-4o"',
        "mlflow.chat.tokenUsage": text({ input_tokens: 10, output_tokens: 5, total_tokens: 15 }),
      },
    },
    "generation-create",
    { model: "gpt-4o", usageDetails: { input: 10, output: 5, total: 15 } },
  ],
  [
    "the model of pydantic-ai's run of an agent",
    { attributes: { agent_name: "a", model_name: "gpt-4o", "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 5 } },
    "span-create",
    { otel: { rollUp: { model: "gpt-4o", usageDetails: { input: 10, output: 5 } } } },
  ],
  [
    "Flue's tool",
    { scope: "@flue/opentelemetry", attributes: { "flue.tool.name": "bash", "flue.tool.arguments": "{}", "flue.tool.result": "ok" } },
    "tool-create",
    { input: "{}", output: "ok" },
  ],
  [
    "Flue's task",
    { scope: "@flue/opentelemetry", attributes: { "flue.task.id": "t", "flue.operation.id": "o", "flue.task.prompt": "do" } },
    "agent-create",
    { input: "do" },
  ],
  [
    "an operation within Flue's task",
    { attributes: { "flue.task.id": "t", "flue.operation.kind": "prompt", "flue.operation.result": "r" } },
    "span-create",
    { output: "r" },
  ],
  [
    "Claude Code",
    {
      scope: "com.anthropic.claude_code.tracing",
      attributes: {
        model: "claude",
        speed: "fast",
        input_tokens: 2,
        output_tokens: 333,
        cache_read_tokens: 63002,
        cache_creation_tokens: 679,
        ttft_ms: 1341,
      },
    },
    "generation-create",
    {
      usageDetails: { input: 2, output: 333, input_cached_tokens: 63002, input_cache_creation: 679 },
      modelParameters: { speed: "fast" },
      completionStartTime: "2026-09-21T14:13:21.464456Z",
    },
  ],
];

describe("spans of", () => {
  it.each(frameworks)("%s have type, content and usage in their fields", (_, span, type, body) => {
    const { observation } = mapOne(span);
    expect(observation).toMatchObject({ type, body });
  });

  it("agents keep the model, usage and cost that may be those of the calls below them apart", () => {
    const { observation, trace } = mapOne({
      attributes: {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.request.model": "m",
        "gen_ai.usage.input_tokens": 1,
        "gen_ai.usage.cost": 1,
      },
    });
    for (const field of ["model", "usageDetails", "costDetails"]) expect(observation.body).not.toHaveProperty(field);
    expect(observation.body["otel"]).toMatchObject({ rollUp: { model: "m", usageDetails: { input: 1 }, costDetails: { total: 1 } } });
    expect(trace.body["rollUps"]).toEqual([observation.body["id"]]);
  });

  it("agents that report what no row can store report nothing, which would hide the usage above them", () => {
    const { observation, trace } = mapOne({ attributes: { "gen_ai.operation.name": "invoke_agent", "gen_ai.usage.cost": 1e300 } });
    expect(observation.body["otel"]).not.toHaveProperty("rollUp");
    expect(trace.body).not.toHaveProperty("rollUps");
  });
});
