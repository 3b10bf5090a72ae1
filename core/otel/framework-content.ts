/** OpenTelemetry, mapping: content readers that a single convention needs, for parts of one JSON value, events and lists of fields. */
import type { Json } from "../ingestion/event.ts";
import { type Attributes, below, fieldOf, isMeaningful, toAttributes, toObject, toText } from "./attributes.ts";
import { isQuotedIn } from "./content-duplicates.ts";
import { type Found, first, inner, nested, nestedFound, onlyIf, type Reader, type Side } from "./content-readers.ts";
import { genkitPart } from "./genkit.ts";
import type { SpanEvent } from "./otlp-traces.ts";
import { isJsonObject, parseArray, parseIfText, parseObject, setOwn } from "./safe-json.ts";
import type { SpanFacts } from "./span-facts.ts";
import { withSystemInstructions } from "./system-instructions.ts";

export const genkitSide = (side: Side, part: string): Reader => {
  const [whole, own] = [`genkit:${side}`, `genkit:${side}.${part}`];
  return {
    names: [own, whole],
    read: ({ attributes }) => {
      const value = genkitPart(attributes, side, part);
      if (isMeaningful(value)) return attributes.has(own) ? { value, names: [own] } : { value, partsOf: [whole] };
      const candidate = side === "output" ? parseArray(genkitPart(attributes, side, "candidates"))?.[0] : undefined;
      const message = fieldOf(candidate, "message");
      return isMeaningful(message) ? { value: message, partsOf: [whole] } : { value: attributes.get(whole), names: [whole] };
    },
  };
};

export const isVercel = ({ attributes, scope }: SpanFacts): boolean => scope.name === "ai" || attributes.has("ai.operationId");

/** Combines a text and its tool calls into one message. `ai.result.*` is used up to version 3 of the SDK. */
export const vercelAnswer = (): Reader => {
  const single = first(
    "ai.response.text",
    "ai.result.text",
    "ai.toolCall.result",
    "ai.response.object",
    "ai.result.object",
    "ai.response.toolCalls",
    "ai.result.toolCalls",
  );
  return {
    names: single.names,
    read: (facts) => {
      const text = facts.attributes.get("ai.response.text");
      const toolCalls = facts.attributes.get("ai.response.toolCalls");
      if (text === undefined || !isMeaningful(toolCalls)) return single.read(facts);
      return {
        value: JSON.stringify({ role: "assistant", content: text, tool_calls: toolCalls }),
        names: ["ai.response.text", "ai.response.toolCalls"],
      };
    },
  };
};

export const systemInstructions = "gen_ai.system_instructions";

/** Puts the system instructions before the messages. Instructions that hold more than text are also kept in the metadata. */
export const instructed = (attributes: Attributes, messagesName: string): Found | undefined => {
  const messages = attributes.get(messagesName);
  if (!isMeaningful(messages)) return undefined;
  const instructions = attributes.get(systemInstructions);
  const value = withSystemInstructions(messages, instructions);
  const isWhole = value !== messages && value !== undefined && isWithin(instructions, value);
  return { value, names: isWhole ? [messagesName, systemInstructions] : [messagesName] };
};

/** Turns instructions without messages into a system message. */
export const instructionsAlone = (attributes: Attributes): Found => {
  const instructions = attributes.get(systemInstructions);
  const value = withSystemInstructions(undefined, instructions);
  return { value, names: value !== undefined && isWithin(instructions, value) ? [systemInstructions] : [] };
};

const isWithin = (instructions: Json | undefined, value: Json): boolean =>
  isQuotedIn(parseIfText(instructions) ?? instructions ?? null, toText(value));

const detailsEvent = "gen_ai.client.inference.operation.details";

/** Senders emit one event per side, or one for both. */
export const operationDetails = (read: (attributes: Attributes) => Found | undefined): Reader => ({
  names: [],
  eventNames: [detailsEvent],
  read: ({ span }) => {
    for (const event of span.events) {
      if (event.name !== detailsEvent) continue;
      const found = read(toAttributes(event.attributes));
      if (isMeaningful(found?.value)) return { value: found.value, events: new Map([[event, found.names ?? []]]) };
    }
    return undefined;
  },
});

const messageRoles = new Map([
  ["gen_ai.system.message", "system"],
  ["gen_ai.developer.message", "developer"],
  ["gen_ai.user.message", "user"],
  ["gen_ai.assistant.message", "assistant"],
  ["gen_ai.tool.message", "tool"],
]);

/** Azure's SDKs put the message as JSON into one attribute; others put only its text there. */
const eventObject = (event: SpanEvent): { [key: string]: Json } => {
  const { [eventContent]: content, ...rest } = toObject(toAttributes(event.attributes));
  return isMeaningful(content) ? { ...rest, ...(parseObject(content) ?? { content }) } : rest;
};
const eventContent = "gen_ai.event.content";
const allNames = (event: SpanEvent): string[] => event.attributes.map(({ key }) => key);

export const messageEvents: Reader = {
  names: [],
  eventNames: [...messageRoles.keys()],
  read: ({ span }) => {
    const events = span.events.filter(({ name }) => messageRoles.has(name));
    return {
      value: events.map((event) => ({ role: messageRoles.get(event.name) ?? "user", ...eventObject(event) })),
      events: new Map(events.map((event) => [event, allNames(event)])),
    };
  },
};

export const choiceEvents: Reader = {
  names: [],
  eventNames: ["gen_ai.choice"],
  read: ({ span }) => {
    const events = span.events.filter(({ name }) => name === "gen_ai.choice");
    const choices = events.map(eventObject);
    return { value: choices.length === 1 ? choices[0] : choices, events: new Map(events.map((event) => [event, allNames(event)])) };
  },
};

export const contentEvent = (eventName: string, prefix: string): Reader => ({
  names: [],
  eventNames: [eventName],
  read: ({ span }) => {
    const event = span.events.find(({ name }) => name === eventName);
    if (event === undefined) return undefined;
    const attributes = toAttributes(event.attributes);
    const { value, names = [] } = nestedFound(attributes, prefix) ?? { value: eventObject(event), names: allNames(event) };
    return { value, events: new Map([[event, names]]) };
  },
});

/** Google's ADK sets request and response to `{}` on tool calls. */
export const unlessEmptyObject = (...names: string[]): Reader => ({
  names,
  read: ({ attributes }) => {
    const name = names.find((one) => isMeaningful(attributes.get(one)) && attributes.get(one) !== "{}");
    return name === undefined ? undefined : { value: attributes.get(name), names: [name] };
  },
});

/** Reads a request to a model, unless it tells no more than the model. */
export const unlessModelAlone = (name: string): Reader =>
  onlyIf(({ attributes }) => Object.keys(parseObject(attributes.get(name)) ?? {}).some((key) => key !== "model"), first(name));

/** Reads one list with all events of a conversation; the model's choice is the output. */
export const logfireEvents = (pick: (events: Json[], isChoice: (event: Json) => boolean) => Json | undefined): Reader => ({
  names: ["events"],
  read: ({ attributes }) => {
    const events = parseArray(attributes.get("events"))?.filter(isJsonObject);
    const value = events === undefined ? undefined : pick(events, isChoiceEvent);
    return { value, partsOf: ["events"] };
  },
});

/** Events of Google's models come without a name; only a choice has its message inside. */
const isChoiceEvent = (event: Json): boolean => {
  const name = fieldOf(event, "event.name");
  return name === undefined ? fieldOf(event, "message") !== undefined : name === "gen_ai.choice";
};

/** Memory records are the output of a search and the input of every other operation. */
export const isMemorySearch = ({ attributes }: SpanFacts): boolean => attributes.get("gen_ai.operation.name") === "search_memory";

export const embeddingPart = (field: "text" | "vector"): Reader => {
  const prefix = "embedding.embeddings.";
  return {
    names: [`${prefix}*`],
    read: ({ attributes }) => {
      const names = below(attributes, prefix).flatMap(([rest]) => (rest.endsWith(`embedding.${field}`) ? [`${prefix}${rest}`] : []));
      const values = names.flatMap((name) => attributes.get(name) ?? []);
      if (field === "vector") return { value: names.map((name) => attributes.get(name) ?? null), names };
      return { value: values.length === 1 ? values[0] : values, names };
    },
  };
};

export const rerankerInput: Reader = {
  names: ["reranker.query", "reranker.input_documents", "reranker.input_documents.*"],
  read: (facts) => {
    const documents = nested("reranker.input_documents", inner("document")).read(facts);
    const query = facts.attributes.get("reranker.query");
    const value: { [key: string]: Json } = {};
    if (isMeaningful(query)) setOwn(value, "query", query);
    if (documents?.value !== undefined) setOwn(value, "documents", documents.value);
    return { value, names: ["reranker.query", ...(documents?.names ?? [])] };
  },
};

/** Reads `mastra.agent_run.input`: the name contains the span type. */
export const mastra = (side: Side): Reader => ({
  names: [`mastra.*.${side}`],
  read: ({ attributes }) => {
    const type = attributes.get("mastra.span.type");
    const name = typeof type === "string" ? `mastra.${type.toLowerCase()}.${side}` : "";
    return attributes.has(name) ? { value: attributes.get(name), names: [name] } : undefined;
  },
});

/** LiveKit adds `pii` to the names of personal content since 2026. */
export const liveKit = (...names: string[]): Reader => first(...names.flatMap((name) => [`lk.${name}`, `lk.pii.${name}`]));

/** With `OTEL_LOG_TOOL_CONTENT`, Claude Code sends a tool's result as an event. */
export const claudeCodeToolOutput: Reader = {
  names: [],
  eventNames: ["tool.output"],
  read: ({ span }) => {
    const event = span.events.find(({ name }) => name === "tool.output");
    if (event === undefined) return undefined;
    const output = toAttributes(event.attributes).get("output");
    return isMeaningful(output)
      ? { value: output, events: new Map([[event, ["output"]]]) }
      : { value: eventObject(event), events: new Map([[event, allNames(event)]]) };
  },
};
