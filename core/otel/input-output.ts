/**
 * Input and output of a span. Every framework puts them elsewhere: the sources are asked in order, the first that yields either wins.
 * Text stays text, also where it holds JSON.
 */
import type { Json } from "../ingestion/event.ts";
import { langfuse } from "./attribute-names.ts";
import { type Attributes, fieldOf, firstValue, isMeaningful, toAttributes, toObject } from "./attributes.ts";
import { genkitPart } from "./genkit.ts";
import { nestedAttribute } from "./nested-attributes.ts";
import type { SpanEvent } from "./otlp-traces.ts";
import { parseArray } from "./safe-json.ts";
import type { SpanFacts } from "./span-facts.ts";
import { withSystemInstructions } from "./system-instructions.ts";

export type Content = { input?: Json; output?: Json };

export const observationContent = (facts: SpanFacts): Content => contentFrom(sources, facts);

type Found = readonly [input: Json | undefined, output: Json | undefined];
type Source = (facts: SpanFacts) => Found | undefined;

const contentFrom = (asked: readonly Source[], facts: SpanFacts): Content => {
  for (const source of asked) {
    const content = toContent(...(source(facts) ?? [undefined, undefined]));
    if (!isEmpty(content)) return content;
  }
  return {};
};

const toContent = (input: Json | undefined, output: Json | undefined): Content => ({
  ...(isMeaningful(input) ? { input } : {}),
  ...(isMeaningful(output) ? { output } : {}),
});

const isEmpty = (content: Content): boolean => content.input === undefined && content.output === undefined;

const pair =
  (inputs: readonly string[], outputs: readonly string[]): Source =>
  ({ attributes }) => [firstValue(attributes, inputs), firstValue(attributes, outputs)];

const genkit: Source = ({ attributes }) => {
  const candidate = parseArray(genkitPart(attributes, "output", "candidates"))?.[0];
  return [
    genkitPart(attributes, "input", "messages") ?? attributes.get("genkit:input"),
    genkitPart(attributes, "output", "message") ?? fieldOf(candidate, "message") ?? attributes.get("genkit:output"),
  ];
};

const vercel: Source = ({ attributes, scope }) => {
  if (scope.name !== "ai") return undefined;
  const text = attributes.get("ai.response.text");
  const toolCalls = attributes.get("ai.response.toolCalls");
  const answer =
    text !== undefined && isMeaningful(toolCalls)
      ? JSON.stringify({ role: "assistant", content: text, tool_calls: toolCalls })
      : firstValue(attributes, vercelOutputs);
  return [firstValue(attributes, ["ai.prompt.messages", "ai.prompt", "ai.toolCall.args"]), answer];
};

/** `ai.result.*` up to version 3 of the SDK. */
const vercelOutputs = [
  "ai.response.text",
  "ai.result.text",
  "ai.toolCall.result",
  "ai.response.object",
  "ai.result.object",
  "ai.response.toolCalls",
  "ai.result.toolCalls",
];

const genAiMessages = (attributes: Attributes): Found => [
  withSystemInstructions(attributes.get("gen_ai.input.messages"), attributes.get("gen_ai.system_instructions")),
  attributes.get("gen_ai.output.messages"),
];

const operationDetails: Source = ({ span }) => {
  const details = span.events.find((event) => event.name === "gen_ai.client.inference.operation.details");
  return details === undefined ? undefined : genAiMessages(toAttributes(details.attributes));
};

const messageEvents = new Map([
  ["gen_ai.system.message", "system"],
  ["gen_ai.user.message", "user"],
  ["gen_ai.assistant.message", "assistant"],
  ["gen_ai.tool.message", "tool"],
]);

const eventObject = (event: SpanEvent): { [key: string]: Json } => toObject(toAttributes(event.attributes));

const genAiEvents: Source = ({ span }) => {
  const messages = span.events.flatMap((event) => {
    const role = messageEvents.get(event.name);
    return role === undefined ? [] : [{ role, ...eventObject(event) }];
  });
  const choices = span.events.filter((event) => event.name === "gen_ai.choice").map(eventObject);
  return [messages, choices.length === 1 ? choices[0] : choices];
};

/** Semantic Kernel and others before the conventions had events for messages. */
const contentEvents: Source = ({ span }) => {
  const contentOf = (eventName: string, prefix: string) => {
    const event = span.events.find(({ name }) => name === eventName);
    if (event === undefined) return undefined;
    const attributes = toAttributes(event.attributes);
    return nestedAttribute(attributes, prefix) ?? toObject(attributes);
  };
  return [contentOf("gen_ai.content.prompt", "gen_ai.prompt"), contentOf("gen_ai.content.completion", "gen_ai.completion")];
};

/** Google's ADK sets request and response to `{}` on calls of tools. */
const vertexAgent: Source = ({ attributes }) => {
  const unlessEmpty = (name: string) => (attributes.get(name) === "{}" ? undefined : firstValue(attributes, [name]));
  return [
    unlessEmpty("gcp.vertex.agent.llm_request") ?? attributes.get("gcp.vertex.agent.tool_call_args"),
    unlessEmpty("gcp.vertex.agent.llm_response") ?? attributes.get("gcp.vertex.agent.tool_response"),
  ];
};

/** One list of all events of a conversation; the choice of the model is the output. */
const logfireEvents: Source = ({ attributes }) => {
  const events = parseArray(attributes.get("events"))?.filter((event) => typeof event === "object" && event !== null);
  if (events === undefined) return undefined;
  const isChoice = (event: Json) => fieldOf(event, "event.name") === "gen_ai.choice";
  return [events.filter((event) => !isChoice(event)), events.find(isChoice)];
};

const pydanticAi: Source = ({ attributes, scope }) => {
  const messages = attributes.get("pydantic_ai.all_messages");
  if (scope.name !== "pydantic-ai" && !isMeaningful(messages)) return undefined;
  const input = isMeaningful(messages) ? withSystemInstructions(messages, attributes.get("gen_ai.system_instructions")) : undefined;
  return [input, attributes.get("final_result")];
};

const nested =
  (input: string, output: string): Source =>
  ({ attributes }) => [nestedAttribute(attributes, input), nestedAttribute(attributes, output)];

const sources: readonly Source[] = [
  pair([langfuse.input], [langfuse.output]),
  genkit,
  vercel,
  pair(
    ["flue.workflow.payload", "flue.turn.input", "flue.tool.arguments", "flue.tool.call.arguments", "flue.task.prompt"],
    ["flue.workflow.result", "flue.operation.result", "flue.turn.output", "flue.tool.result", "flue.tool.call.result", "flue.task.result"],
  ),
  operationDetails,
  genAiEvents,
  contentEvents,
  vertexAgent,
  pair(["prompt"], ["all_messages_events"]),
  pair(["lk.input_text", "lk.user_transcript", "lk.chat_ctx", "lk.user_input"], ["lk.function_tool.output", "lk.response.text"]),
  logfireEvents,
  pair(["mlflow.spanInputs"], ["mlflow.spanOutputs"]),
  pair(["traceloop.entity.input"], ["traceloop.entity.output"]),
  pair(["input.value"], ["output.value"]),
  pair(["input"], ["output"]),
  pydanticAi,
  pair(["tool_arguments"], ["tool_response"]),
  nested("gen_ai.prompt", "gen_ai.completion"),
  nested("llm.input_messages", "llm.output_messages"),
  ({ attributes }) => genAiMessages(attributes),
  pair(["gen_ai.tool.call.arguments"], ["gen_ai.tool.call.result"]),
];
