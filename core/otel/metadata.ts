/** Metadata of observations and traces: what users set, and what is left of the attributes of span, resource and scope. */
import type { Json } from "../ingestion/event.ts";
import { contentNames, contentPrefixes, langfuse, vercelFieldNames, vercelMetadata } from "./attribute-names.ts";
import { type Attributes, below, isMeaningful, toObject, toText } from "./attributes.ts";
import { type JsonObject, parseObject, setOwn } from "./safe-json.ts";
import type { SpanFacts } from "./span-facts.ts";

export const observationMetadata = (facts: SpanFacts): JsonObject => ({
  scope: scopeMetadata(facts),
  ...userMetadata(facts.resourceAttributes, langfuse.traceMetadata),
  ...userMetadata(facts.attributes, langfuse.metadata),
  ...leftOver(facts),
  resourceAttributes: toObject(facts.resourceAttributes),
});

/** What was set for the trace. */
export const traceMetadata = ({ attributes }: SpanFacts): JsonObject => userMetadata(attributes, langfuse.traceMetadata);

const scopeMetadata = ({ scope, scopeAttributes }: SpanFacts): Json => ({
  name: scope.name,
  version: scope.version,
  attributes: toObject(scopeAttributes),
});

/** JSON in one attribute, then keys in attributes of their own over it. */
const userMetadata = (attributes: Attributes, own: string): JsonObject => {
  const whole = parseObject(attributes.get(own)) ?? parseObject(attributes.get(langfuse.compatMetadata));
  const metadata: JsonObject = { ...whole };
  for (const prefix of [`${own}.`, `${langfuse.compatMetadata}.`]) {
    for (const [key, value] of below(attributes, prefix)) setOwn(metadata, key, value);
  }
  for (const [key, value] of below(attributes, `${vercelMetadata}.`)) if (!vercelFieldNames.has(key)) setOwn(metadata, key, value);
  const tools = attributes.get("ai.prompt.tools");
  if (isMeaningful(tools)) metadata["tools"] = tools;
  return metadata;
};

/** Attributes that have no field, as text. Langfuse's own SDKs name everything themselves, so that nothing is left over. */
const leftOver = ({ attributes, scope }: SpanFacts): { attributes?: JsonObject } => {
  if (scope.name.startsWith("langfuse-sdk")) return {};
  const rest: JsonObject = {};
  for (const [name, value] of attributes) if (!isContent(name)) setOwn(rest, name, toText(value));
  return { attributes: rest };
};

const isContent = (name: string): boolean =>
  contentNames.has(name) || contentPrefixes.some((prefix) => name === prefix || name.startsWith(`${prefix}.`));
