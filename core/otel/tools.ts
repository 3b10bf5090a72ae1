/** OpenTelemetry, mapping: the tools offered to a model and the calls it asked for, from input, output and framework attributes. */
import type { Json, OtelBody } from "../ingestion/event.ts";
import { type Attributes, fieldOf, isMeaningful, toText } from "./attributes.ts";
import { genkitPart } from "./genkit.ts";
import { nestedAttribute } from "./nested-attributes.ts";
import { isJsonObject, type JsonObject, parseArray, parseIfText, parseObject, setOwn } from "./safe-json.ts";

type Tools = Pick<OtelBody, "toolDefinitions" | "toolCalls" | "toolCallNames">;

export const observationTools = (attributes: Attributes, input: Json | undefined, output: Json | undefined): Tools => {
  const definitions: Record<string, string> = {};
  const answer = parseIfNamed(output, mayCall);
  for (const tool of [
    ...offeredIn(parseIfNamed(input, mayOffer)),
    ...offeredInAttributes(attributes),
    ...offeredIn(answer).filter(isFunction),
  ])
    addDefinition(definitions, tool);
  const inAnswer = callsIn(answer, true);
  const calls = uniqueCalls(inAnswer.length > 0 ? inAnswer : callsInAttributes(attributes));
  return {
    ...(Object.keys(definitions).length === 0 ? {} : { toolDefinitions: definitions }),
    ...(calls.length === 0
      ? {}
      : { toolCalls: calls.map(({ name: _, ...call }) => JSON.stringify(call)), toolCallNames: calls.map(({ name }) => name) }),
  };
};

/** Every text that offers or calls tools has one of these words, or spells it with escapes. Most have none, and need not be parsed. */
const mayOffer = /tool|functions|\\u/;
const mayCall = /tool|function|arguments|\\u/;

const parseIfNamed = (value: Json | undefined, words: RegExp): Json | undefined =>
  typeof value === "string" && !words.test(value) ? undefined : parseIfText(value);

/** Reads `tools` of a request or of its messages, and what a response repeats of it. LangGraph sends a definition as a tool message. */
const offeredIn = (input: Json | undefined): Json[] => {
  const messages = Array.isArray(input) ? input : (parseArray(fieldOf(input, "messages")) ?? []);
  const fromMessages = messages.flatMap((message) => {
    const content = fieldOf(message, "content");
    const isDefinition = fieldOf(message, "role") === "tool" && fieldOf(content, "type") === "function";
    return [...(parseArray(fieldOf(message, "tools")) ?? []), ...(isDefinition && content !== undefined ? [content] : [])];
  });
  const owners = [input, ...["config", "toolConfig"].map((name) => fieldOf(input, name))];
  const functions = (parseArray(fieldOf(input, "functions")) ?? []).filter(isFunction);
  return [...owners.flatMap((owner) => parseArray(fieldOf(owner, "tools")) ?? []), ...functions, ...fromMessages];
};

/** Lists of definitions. */
const offerNames = ["ai.prompt.tools", "gen_ai.tool.definitions", "gen_ai.request.available_tools", "mlflow.chat.tools"];

/** Some lists have names that others may use for things of their own. */
const isFunction = (tool: Json): boolean => ["function", "parameters", "input_schema"].some((name) => fieldOf(tool, name) !== undefined);

/** LiveKit and Strands tell no more than the names. */
const bareNames = ["lk.function_tools", "gen_ai.agent.tools"];

const offeredInAttributes = (attributes: Attributes): Json[] => [
  ...offerNames.flatMap((name) => parseArray(attributes.get(name)) ?? []),
  ...(parseArray(attributes.get("tools")) ?? []).filter(isFunction),
  ...(parseArray(genkitPart(attributes, "input", "tools")) ?? []),
  ...(parseArray(fieldOf(parseObject(attributes.get("model_request_parameters")), "function_tools")) ?? []),
  ...(parseArray(nestedAttribute(attributes, "llm.tools")) ?? []).map((entry) => fieldOf(fieldOf(entry, "tool"), "json_schema") ?? null),
  ...(parseArray(nestedAttribute(attributes, "llm.request.functions")) ?? []),
  ...bareNames.flatMap((name) =>
    (parseArray(attributes.get(name)) ?? []).flatMap((tool) => (typeof tool === "string" ? [{ name: tool }] : [])),
  ),
];

/** Where conventions put the answer's messages or calls. Another attribute may have become the output, with less in it. */
const callNames = [
  "llm.output_messages",
  "gen_ai.output.messages",
  "gen_ai.completion",
  "gen_ai.response.tool_calls",
  "lk.response.function_calls",
  "lk.pii.response.function_calls",
];

const callsInAttributes = (attributes: Attributes): Call[] => {
  for (const name of callNames) {
    const calls = callsIn(parseIfNamed(nestedAttribute(attributes, name), mayCall), true);
    if (calls.length > 0) return calls;
  }
  return [];
};

/** Gemini groups definitions in `functionDeclarations`. The first definition of a name wins. */
const addDefinition = (definitions: Record<string, string>, tool: Json): void => {
  const outer = parseObject(tool);
  const grouped = parseArray(outer?.["functionDeclarations"]) ?? parseArray(outer?.["function_declarations"]);
  if (grouped !== undefined) {
    for (const one of grouped) if (isJsonObject(one)) addOne(definitions, one);
    return;
  }
  addOne(definitions, parseObject(outer?.["function"]) ?? parseObject(outer?.["toolSpec"]) ?? outer);
};

const addOne = (definitions: Record<string, string>, definition: JsonObject | undefined): void => {
  const name = fieldOf(definition, "name");
  if (typeof name !== "string" || name === "" || Object.hasOwn(definitions, name)) return;
  const description = fieldOf(definition, "description") ?? fieldOf(definition, "desc");
  const parameters = ["parameters", "parameters_json_schema", "parametersJsonSchema", "inputSchema", "input_schema"]
    .map((key) => fieldOf(definition, key))
    .find(isMeaningful);
  const texts = {
    description: isMeaningful(description) ? toText(description) : "",
    parameters: parameters === undefined ? "" : toText(parameters),
  };
  setOwn(definitions, name, JSON.stringify(texts));
};

type Call = { name: string; id: string; arguments: string; type: string; index: number };

/**
 * Finds calls in a message, in a list of messages or calls, and in the responses of OpenAI, Bedrock, Gemini and LangChain. `isTop`: lists
 * within content are not messages.
 */
const callsIn = (output: Json | undefined, isTop: boolean): Call[] => {
  if (Array.isArray(output)) return output.flatMap((item) => (isCall(item) ? toCalls([item]) : callsIn(item, false)));
  if (!isJsonObject(output)) return [];
  const lists = [fieldOf(output, "tool_calls"), fieldOf(output, "toolCalls"), fieldOf(fieldOf(output, "additional_kwargs"), "tool_calls")];
  const single = parseObject(fieldOf(output, "function_call"));
  const parts = ["content", "parts"].flatMap((name) => parseArray(fieldOf(output, name)) ?? []).filter(isCallPart);
  const message = parseIfText(fieldOf(output, "message"));
  const inner = [fieldOf(output, "content"), fieldOf(output, "kwargs"), ...(isTop ? [fieldOf(output, "output")] : [])].filter(isJsonObject);
  return [
    ...lists.flatMap((list) => toCalls(parseArray(list) ?? [])),
    ...toCalls(single === undefined ? parts : [single, ...parts]),
    ...(isJsonObject(message) || Array.isArray(message) ? callsIn(message, false) : []),
    ...callsIn([...inner, ...(isTop ? responseItems(output) : [])], false),
  ];
};

/** Items of a whole response, each of which may be or hold a call. LangChain's `generations` are lists of lists. */
const responseItems = (response: JsonObject): Json[] =>
  ["choices", "messages", "output", "candidates", "generations"].flatMap((name) => (parseArray(fieldOf(response, name)) ?? []).flat());

const callTypes = new Set<Json | undefined>(["tool_use", "tool-call", "tool_call", "function_call"]);
const isCallPart = (part: Json): boolean => callTypes.has(fieldOf(part, "type")) || wrappedCall(part) !== undefined;

/** OpenInference, Bedrock and Gemini put a call into a field of a list's item. */
const wrappedCall = (item: Json): JsonObject | undefined =>
  ["tool_call", "toolUse", "functionCall", "function_call"].map((name) => fieldOf(item, name)).find(isJsonObject);

/** Returns whether a list item is a bare call, not a message or a call's result. */
const isCall = (item: Json): boolean => {
  if (!isJsonObject(item) || item["type"] === "tool-result") return false;
  if (["role", "content", "tool_calls", "additional_kwargs", "parts"].some((key) => Object.hasOwn(item, key))) return false;
  if (isCallPart(item)) return true;
  const inner = fieldOf(item, "function");
  if (isMeaningful(fieldOf(inner, "name")) && fieldOf(inner, "arguments") !== undefined) return true;
  if (isMeaningful(item["toolName"])) return fieldOf(item, "input") !== undefined || fieldOf(item, "args") !== undefined;
  const isNamed = isMeaningful(item["name"]) && fieldOf(item, "arguments") !== undefined;
  return isNamed && ["id", "call_id", "index"].some((key) => Object.hasOwn(item, key));
};

const toCalls = (items: Json[]): Call[] =>
  items.flatMap((item) => {
    if (!isJsonObject(item)) return [];
    const call = toCall(item);
    return call === undefined ? [] : [call];
  });

const toCall = (given: JsonObject): Call | undefined => {
  const item = wrappedCall(given) ?? given;
  const inner = fieldOf(item, "function");
  const pick = (...names: string[]) => names.map((name) => fieldOf(item, name)).find((value) => value !== undefined && value !== null);
  const name = fieldOf(inner, "name") ?? pick("name", "toolName");
  if (typeof name !== "string" || name === "") return undefined;
  const passed = fieldOf(inner, "arguments") ?? pick("arguments", "args", "input", "parameters") ?? {};
  const type = pick("type");
  const index = item["index"];
  return {
    name,
    id: toText(pick("id", "toolCallId", "call_id", "toolUseId") ?? ""),
    arguments: toText(passed),
    type: typeof type === "string" ? type : inner === undefined ? "" : "function",
    index: typeof index === "number" ? index : 0,
  };
};

/** Removes duplicates: the same call may occur in several places of one output. */
const uniqueCalls = (calls: Call[]): Call[] =>
  [
    ...new Map(calls.toReversed().map((call) => [call.id === "" ? `${call.name}-${call.arguments}` : call.id, call] as const)).values(),
  ].toReversed();
