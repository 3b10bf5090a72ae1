/** Tools offered to a model and the calls it asked for, in the shapes of providers and conventions. */
import { describe, expect, it } from "vitest";
import { type JsonSpan, mapJson } from "./mapped-json.ts";

const text = JSON.stringify;
const toolsOf = (span: JsonSpan) => {
  const {
    toolCalls = [],
    toolCallNames,
    toolDefinitions,
  } = mapJson(span).observation.body["otel"] as {
    toolCalls?: string[];
    toolCallNames?: string[];
    toolDefinitions?: Record<string, string>;
  };
  return { calls: toolCalls.map((call) => JSON.parse(call) as unknown), names: toolCallNames, definitions: toolDefinitions };
};

const input = { city: "Berlin" };
const asText = text(input);
const openInference = (message: string) => ({
  [`${message}.role`]: "assistant",
  [`${message}.tool_calls.0.tool_call.id`]: "c1",
  [`${message}.tool_calls.0.tool_call.function.name`]: "weather",
  [`${message}.tool_calls.0.tool_call.function.arguments`]: asText,
});
const output = (value: unknown): JsonSpan => ({ attributes: { "output.value": text(value) } });

describe("a call", () => {
  it.each<[string, JsonSpan]>([
    ["OpenInference's fields", { attributes: openInference("llm.output_messages.0.message") }],
    [
      "OpenInference's fields beside an output without calls",
      { attributes: { "output.value": "done", ...openInference("llm.output_messages.0.message") } },
    ],
    [
      "GenAI messages beside an output by hand",
      {
        attributes: {
          "langfuse.observation.output": "by hand",
          "gen_ai.output.messages": text([
            { role: "assistant", parts: [{ type: "tool_call", id: "c1", name: "weather", arguments: input }] },
          ]),
        },
      },
    ],
    [
      "an event of a choice, whose message is text",
      {
        events: [
          {
            name: "gen_ai.choice",
            attributes: {
              message: text({ tool_calls: [{ id: "c1", type: "function", function: { name: "weather", arguments: asText } }] }),
            },
          },
        ],
      },
    ],
    [
      "Strands' event, in Bedrock's form",
      { events: [{ name: "gen_ai.choice", attributes: { message: text([{ toolUse: { toolUseId: "c1", name: "weather", input } }]) } }] },
    ],
    [
      "Bedrock's response",
      output({ output: { message: { role: "assistant", content: [{ toolUse: { toolUseId: "c1", name: "weather", input } }] } } }),
    ],
    [
      "Gemini's response",
      output({ candidates: [{ content: { role: "model", parts: [{ functionCall: { id: "c1", name: "weather", args: input } }] } }] }),
    ],
    [
      "Google ADK's response",
      {
        attributes: {
          "gcp.vertex.agent.llm_response": text({ content: { parts: [{ function_call: { id: "c1", name: "weather", args: input } }] } }),
        },
      },
    ],
    [
      "OpenAI's Responses",
      output({ id: "r", output: [{ type: "reasoning" }, { type: "function_call", call_id: "c1", name: "weather", arguments: asText }] }),
    ],
    [
      "LangChain's generations",
      output({
        generations: [[{ text: "", message: { kwargs: { content: "", tool_calls: [{ id: "c1", name: "weather", args: input }] } } }]],
      }),
    ],
    ["Cohere's message", output({ tool_calls: [{ id: "c1", name: "weather", parameters: input }] })],
    [
      "a wrapped list",
      { attributes: { "lk.response.function_calls": text([{ type: "function_call", id: "c1", name: "weather", arguments: asText }]) } },
    ],
  ])("is found in %s", (_, span) => {
    const { calls, names } = toolsOf(span);
    expect(names).toEqual(["weather"]);
    expect(calls).toMatchObject([{ id: "c1", arguments: asText }]);
  });

  it.each<[string, JsonSpan]>([
    ["a message", output({ role: "assistant", function_call: { name: "weather", arguments: asText } })],
    [
      "OpenLLMetry's fields",
      { attributes: { "gen_ai.completion.0.function_call.name": "weather", "gen_ai.completion.0.function_call.arguments": asText } },
    ],
  ])("of OpenAI's former function_call has no id: %s", (_, span) => {
    expect(toolsOf(span)).toMatchObject({ names: ["weather"], calls: [{ id: "", arguments: asText }] });
  });

  it.each([
    ["a tool's result", output([{ type: "tool-result", toolCallId: "c1", toolName: "weather", output: "sun" }])],
    ["Gemini's result", output({ content: { parts: [{ functionResponse: { name: "weather", response: {} } }] } })],
    ["Bedrock's result", output([{ toolResult: { toolUseId: "c1", content: [] } }])],
  ])("is not %s", (_, span) => {
    expect(toolsOf(span).names).toBeUndefined();
  });
});

describe("a definition", () => {
  const parameters = { type: "object", properties: { city: { type: "string" } } };
  const declared = { name: "weather", description: "tells it", parameters };

  it.each<[string, JsonSpan]>([
    [
      "OpenLLMetry's fields",
      {
        attributes: {
          "llm.request.functions.0.name": "weather",
          "llm.request.functions.0.description": "tells it",
          "llm.request.functions.0.parameters": text(parameters),
        },
      },
    ],
    ["OpenAI's former functions", { attributes: { "input.value": text({ functions: [declared] }) } }],
    ["Gemini's declarations", { attributes: { "input.value": text({ config: { tools: [{ functionDeclarations: [declared] }] } }) } }],
    [
      "Google ADK's request",
      { attributes: { "gcp.vertex.agent.llm_request": text({ config: { tools: [{ function_declarations: [declared] }] } }) } },
    ],
    [
      "Bedrock's request",
      {
        attributes: {
          "input.value": text({ toolConfig: { tools: [{ toolSpec: { ...declared, parameters: undefined, inputSchema: parameters } }] } }),
        },
      },
    ],
    ["OpenAI's response, which repeats the request", output({ output: [], tools: [{ type: "function", ...declared }] })],
    ["MLflow's list", { attributes: { "mlflow.chat.tools": text([{ type: "function", function: declared }]) } }],
    ["Pipecat's list", { attributes: { tools: text([{ type: "function", function: declared }]) } }],
  ])("is found in %s", (_, span) => {
    expect(toolsOf(span).definitions).toEqual({ weather: text({ description: "tells it", parameters: text(parameters) }) });
  });

  it.each([
    ["tool", { attributes: { tools: text([{ name: "hammer", weight: 2 }]) } }],
    ["tool in an answer", output({ tools: [{ name: "hammer", weight: 2 }] })],
    ["function in an answer", output({ functions: [{ name: "main", line: 3 }] })],
    ["function", { attributes: { "input.value": text({ functions: [{ name: "main", line: 3 }] }) } }],
  ])("is nothing else that is called a %s", (_, span) => {
    expect(toolsOf(span).definitions).toBeUndefined();
  });

  it.each([
    ["lk.function_tools", ["weather"]],
    ["gen_ai.agent.tools", text(["weather"])],
  ])("is a name alone in %s", (name, value) => {
    expect(toolsOf({ attributes: { [name]: value } }).definitions).toEqual({ weather: text({ description: "", parameters: "" }) });
  });
});
