/**
 * OpenTelemetry, mapping: metadata of observations and traces: what users set, the remaining attributes of span, resource and scope, and
 * the span's events, links, kind and trace state. User names win: ours of the same name move under `otel.`.
 */
import type { Json } from "../ingestion/event.ts";
import { isLangfuseName, langfuse, vercelFieldNames, vercelMetadata } from "./attribute-names.ts";
import { type Attributes, below, isMeaningful, toObject, toText } from "./attributes.ts";
import { leftAttributes } from "./content-left.ts";
import { type JsonObject, parseObject, setOwn } from "./safe-json.ts";
import { spanDetails } from "./span-details.ts";
import type { SpanFacts } from "./span-facts.ts";

export const observationMetadata = (facts: SpanFacts): JsonObject =>
  withOwn(
    {
      scope: scopeMetadata(facts),
      ...userMetadata(facts.resourceAttributes, langfuse.traceMetadata),
      ...userMetadata(facts.attributes, langfuse.metadata),
    },
    { ...leftOver(facts, leftAttributes(facts)), ...spanDetails(facts), resourceAttributes: toObject(facts.resourceAttributes) },
  );

const withOwn = (set: JsonObject, own: JsonObject): JsonObject => {
  const metadata: JsonObject = { ...set };
  for (const [key, value] of Object.entries(own)) metadata[Object.hasOwn(set, key) ? `otel.${key}` : key] = value;
  return metadata;
};

/** Returns the metadata set for the trace. */
export const traceMetadata = ({ attributes }: SpanFacts): JsonObject => userMetadata(attributes, langfuse.traceMetadata);

const scopeMetadata = ({ scope, scopeAttributes }: SpanFacts): Json => ({
  name: scope.name,
  version: scope.version,
  attributes: toObject(scopeAttributes),
});

/** Reads one attribute as a whole, then overlays keys that have their own attributes. */
const userMetadata = (attributes: Attributes, own: string): JsonObject => {
  const whole = wholeMetadata(attributes.get(own)) ?? wholeMetadata(attributes.get(langfuse.compatMetadata));
  const metadata: JsonObject = { ...whole };
  for (const prefix of [`${own}.`, `${langfuse.compatMetadata}.`]) {
    for (const [key, value] of below(attributes, prefix)) setOwn(metadata, key, value);
  }
  for (const [key, value] of below(attributes, `${vercelMetadata}.`)) if (!vercelFieldNames.has(key)) setOwn(metadata, key, value);
  const tools = attributes.get("ai.prompt.tools");
  if (isMeaningful(tools)) metadata["tools"] = tools;
  return metadata;
};

/** Langfuse's SDKs send metadata that is not an object in one attribute. As in events, it goes under `metadata`. */
const wholeMetadata = (value: Json | undefined): JsonObject | undefined =>
  parseObject(value) ?? (isMeaningful(value) && value !== "null" ? { metadata: value } : undefined);

/**
 * Returns attributes as text, except those that are metadata by their name. For Langfuse's own SDKs only those that others set on their
 * spans: the SDK's own each have a field.
 */
const leftOver = ({ scope }: SpanFacts, attributes: readonly (readonly [string, Json])[]): { attributes?: JsonObject } => {
  const isLangfuse = scope.name.startsWith("langfuse-sdk");
  const rest: JsonObject = {};
  for (const [name, value] of attributes)
    if (!isMetadataName(name) && !(isLangfuse && isLangfuseName(name))) setOwn(rest, name, toText(value));
  return isLangfuse && Object.keys(rest).length === 0 ? {} : { attributes: rest };
};

const metadataNames = [langfuse.metadata, langfuse.compatMetadata];
const isMetadataName = (name: string): boolean =>
  metadataNames.some((own) => name.startsWith(own) && (name.length === own.length || name[own.length] === "."));
