/**
 * OpenTelemetry, mapping: usage and cost reported by a span, in any spelling (`core/usage/`). Each token counts in exactly one kind, so
 * that kinds add up and each has its price.
 */
import type { Json } from "../ingestion/event.ts";
import { readCost } from "../ingestion/usage.ts";
import { parseCost } from "../models/decimal.ts";
import { type CostSpelling, costSpellings } from "../usage/cost-spellings.ts";
import { flattenUsage, setCount, snakeCase, type UsagePaths } from "../usage/flatten-usage.ts";
import { readCount } from "../usage/read-count.ts";
import { readUsage } from "../usage/read-usage.ts";
import { joinReported, type ReportedUsage, reportedUsage } from "../usage/reported-usage.ts";
import { resolveUsage, type UsageKinds } from "../usage/resolve-usage.ts";
import { usageInnerPrefixes, usageObjectNames, usagePrefixes } from "../usage/usage-spellings.ts";
import { langfuse } from "./attribute-names.ts";
import { type Attributes, below, fieldOf, isMeaningful, objectAt, toAttributes, toNumber } from "./attributes.ts";
import { genkitPart } from "./genkit.ts";
import { claudeCodeScope, isRollUp, reportedModelName } from "./model.ts";
import { isJsonObject, type JsonObject, parseIfText, parseObject, setOwn } from "./safe-json.ts";
import type { SpanFacts } from "./span-facts.ts";

/** Kind to count; undefined if nothing was counted. */
export const usageDetails = (facts: SpanFacts): UsageKinds | undefined => {
  const given = objectAt(facts.attributes, langfuse.usageDetails);
  if (given !== undefined) return readUsage(given);
  return isRollUp(facts.attributes) ? undefined : reportedUsageDetails(facts);
};

/** Ignores what Langfuse's SDKs set, and includes spans that repeat the calls below them. */
export const reportedUsageDetails = (facts: SpanFacts): UsageKinds | undefined => {
  for (const source of sources) {
    const reported = source(facts);
    if (reported !== undefined) return resolveUsage(reported);
  }
  return undefined;
};

/** Kind to USD; undefined if none was reported. */
export const costDetails = ({ attributes }: SpanFacts): Record<string, number> | undefined => {
  const given = objectAt(attributes, langfuse.costDetails);
  if (given !== undefined) return numbersOf(given);
  return isRollUp(attributes) ? undefined : reportedCostDetails(attributes);
};

/**
 * Ignores what Langfuse's SDKs set, and includes spans that repeat the calls below them. Leaves out costs that no row can store: a roll-up of
 * nothing would take the usage off everything above it.
 */
export const reportedCostDetails = (attributes: Attributes): Record<string, number> | undefined => {
  const costs: Record<string, number> = {};
  for (const spelling of costSpellings) {
    const { kind } = spelling;
    const cost = sentCost(attributes, spelling);
    if (cost !== undefined && cost >= 0 && parseCost(String(cost)) !== undefined) costs[kind] ??= cost;
  }
  return Object.keys(costs).length === 0 ? undefined : costs;
};

/** Reads text and tiny numbers as in events. */
const usdOf = (value: Json | undefined): number | undefined => {
  const cost = readCost(typeof value === "string" ? value : toNumber(value));
  return cost === undefined ? undefined : Number(cost);
};

const sentCost = (attributes: Attributes, { name, fields, plus, ifZero }: CostSpelling): number | undefined => {
  const value = attributes.get(name);
  if (fields === undefined || value === undefined) return usdOf(value);
  const object = parseObject(value);
  const at = (path: readonly string[]) => usdOf(path.reduce<Json | undefined>(fieldOf, object));
  const cost = at(fields);
  if (cost === 0 && ifZero !== undefined) return at(ifZero) ?? cost;
  const more = plus === undefined ? undefined : at(plus);
  return cost !== undefined && more !== undefined && more > cost ? cost + more : cost;
};

const numbersOf = (given: JsonObject): Record<string, number> | undefined => {
  const costs: Record<string, number> = {};
  for (const [kind, value] of Object.entries(given)) {
    const cost = toNumber(value);
    if (cost !== undefined && cost >= 0) setOwn(costs, kind, cost);
  }
  return Object.keys(costs).length === 0 ? undefined : costs;
};

type Source = (facts: SpanFacts) => ReportedUsage | undefined;

const genkit: Source = ({ attributes }) => {
  const usage = genkitPart(attributes, "output", "usage");
  return isMeaningful(usage) ? reportedUsage(flattenUsage(usage), "object") : undefined;
};

/** Claude Code counts like Anthropic's API: the input excludes tokens read from and written to the cache. */
const claudeCode: Source = ({ attributes, scope }) => {
  if (scope.name !== claudeCodeScope) return undefined;
  const paths: UsagePaths = new Map();
  for (const name of ["input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens"]) {
    const count = readCount(attributes.get(name));
    if (count !== undefined) paths.set(name, count);
  }
  const reported = reportedUsage(paths, "object");
  return reported === undefined ? undefined : { ...reported, isCacheBeside: true };
};

/** Reads count attributes, and adds what the providers' responses beside them report. */
const generic: Source = ({ attributes }) => {
  const reported = reportedUsage(attributePaths(attributes), "span");
  const answers = reported === undefined ? [] : providerMetadata(attributes);
  return [...answers, adkResponse(attributes), ...liveKitMetrics(attributes)].reduce(joinReported, reported);
};

const attributePaths = (attributes: Attributes): UsagePaths => {
  const paths: UsagePaths = new Map();
  for (const prefix of usagePrefixes) {
    for (const [name, value] of below(attributes, prefix)) addCounts(paths, innerPath(name), value);
  }
  for (const name of usageObjectNames) {
    const usage = parseObject(attributes.get(name));
    if (usage !== undefined && paths.size === 0) flattenUsage(usage, paths);
  }
  return paths;
};

const innerPath = (name: string): string => {
  const inner = usageInnerPrefixes.find((prefix) => name.startsWith(prefix));
  return snakeCase(inner === undefined ? name : name.slice(inner.length));
};

/** Details may be JSON text in one attribute. */
const addCounts = (paths: UsagePaths, path: string, value: Json): void => {
  const count = readCount(value);
  if (count !== undefined) {
    setCount(paths, path, count);
    return;
  }
  const object = typeof value === "string" && !/^\s*[{[]/.test(value) ? undefined : parseIfText(value);
  if (isJsonObject(object) || Array.isArray(object)) flattenUsage(object, paths, path === "details" ? "" : path);
};

/** Reads `{"anthropic": {"usage": {…}}}`: the responses of the AI SDK's providers, keyed by provider. */
const providerMetadata = (attributes: Attributes): (ReportedUsage | undefined)[] => {
  const metadata = parseObject(attributes.get("ai.response.providerMetadata")) ?? {};
  return Object.values(metadata).flatMap((provider) => [
    ...["usage", "usageMetadata", "tokens"]
      .map((name) => fieldOf(provider, name))
      .map((usage) => reportedUsage(flattenUsage(usage), "object")),
    isJsonObject(provider) ? reportedUsage(ownCounts(provider), "object") : undefined,
  ]);
};

/** Returns counts that a provider sends at the top level. */
const ownCounts = (provider: JsonObject): UsagePaths => {
  const paths: UsagePaths = new Map();
  for (const [name, value] of Object.entries(provider)) {
    const count = readCount(value);
    if (count !== undefined) setCount(paths, snakeCase(name), count);
  }
  return paths;
};

/** Google's ADK reports cached and thought tokens only in the response; its output count excludes thoughts. */
const adkResponse = (attributes: Attributes): ReportedUsage | undefined => {
  const usage = fieldOf(parseObject(attributes.get("gcp.vertex.agent.llm_response")), "usage_metadata");
  return usage === undefined ? undefined : reportedUsage(flattenUsage(usage), "object");
};

/** LiveKit reports cached tokens, and all of a realtime model, only in its metrics. */
const liveKitMetrics = (attributes: Attributes): (ReportedUsage | undefined)[] =>
  liveKitNames.filter((name) => attributes.has(name)).map((name) => reportedUsage(flattenUsage(parseObject(attributes.get(name))), "span"));

const liveKitNames = ["lk.llm_metrics", "lk.realtime_model_metrics"];

/** Reads the last event of the span that reports usage: `gen_ai.client.inference.operation.details`, or the last piece of a stream. */
const events: Source = ({ span }) => {
  for (const { attributes } of span.events.toReversed()) {
    const reported = reportedUsage(attributePaths(toAttributes(attributes)), "span");
    if (reported !== undefined) return reported;
  }
  return undefined;
};

/** Attributes that may hold a provider's response as it came. */
const responseNames = ["gen_ai.completion", "output.value", "mlflow.spanOutputs", "traceloop.entity.output"];

/** Reads the usage in the response of a call that reports none. Asks for both sides: an answer in JSON may have a `usage` of its own. */
const response: Source = (facts) => {
  if (reportedModelName(facts) === undefined) return undefined;
  for (const name of responseNames) {
    const value = facts.attributes.get(name);
    const body = typeof value === "string" && !value.includes('"usage') ? undefined : parseObject(value);
    for (const field of ["usage", "usageMetadata", "usage_metadata"]) {
      const paths = flattenUsage(fieldOf(body, field));
      const reported = paths.has("input") || paths.has("output") ? undefined : reportedUsage(paths, "object");
      if (reported?.counts.input !== undefined && reported.counts.output !== undefined) return reported;
    }
  }
  return undefined;
};

const sources: readonly Source[] = [genkit, claudeCode, generic, events, response];
