/** Models: usage and cost of one call. Keeps what was sent and computes the rest from the model, in exact decimals. */
import type { Json } from "../ingestion/event.ts";
import { type TextMap, textMap } from "../ingestion/rows.ts";
import { priceOfKind } from "../usage/usage-kinds.ts";
import { clampCount, costOf, costText, countFromNumber, parseCost, parseDecimal, sumOfCosts } from "./decimal.ts";
import { findModel } from "./find-model.ts";
import { matchTier } from "./match-tier.ts";
import type { Model, PricingTier } from "./model.ts";

export type Call = {
  /** Kind to whole number as text; empty if none was sent. */
  providedUsage: TextMap;
  /** Kind to USD as decimal text; empty if none was sent. */
  providedCost: TextMap;
  /** Model names, the response's before the request's; the first known one is priced. */
  models: readonly string[];
  modelParameters: Readonly<Record<string, Json>> | null;
  metadata: TextMap;
  input: string | null;
  output: string | null;
  level: string;
  /** Start of the call, UTC: selects the price in force. */
  startTime: string;
};

type UsageAndCost = {
  usageDetails: TextMap;
  costDetails: TextMap;
  totalCost: string | null;
  modelId: string | null;
  /** The tier that priced the call; null if the cost was sent or nothing could be priced. */
  pricingTierId: string | null;
  pricingTierName: string | null;
};

/** Counts the tokens of a text; undefined for an unknown tokenizer or a text too long to count. */
export type CountTokens = (tokenizer: string, text: string) => number | undefined;

type Counts = Record<string, bigint>;
type Costs = Map<string, bigint>;

const sum = (counts: readonly bigint[]): bigint => counts.reduce((total, count) => total + count, 0n);

const ownCounts = (entries: Iterable<readonly [string, bigint]>): Counts => {
  const counts: Counts = Object.create(null);
  for (const [kind, count] of entries) counts[kind] = count;
  return counts;
};

/** Adds the sum as `total` if there is none. */
const withTotal = (counts: Counts): Counts =>
  Object.hasOwn(counts, "total") ? counts : ownCounts([...Object.entries(counts), ["total", clampCount(sum(Object.values(counts)))]]);

const providedCounts = (usage: TextMap): Counts => ownCounts(Object.entries(usage).map(([kind, count]) => [kind, BigInt(count)] as const));

/** Counts both texts or neither: half a count would be priced as the whole. */
const countedUsage = ({ input, output }: Call, { tokenizer }: Model, countTokens: CountTokens): Counts | undefined => {
  if (tokenizer === null) return undefined;
  const counts: [string, bigint][] = [];
  for (const [kind, text] of [["input", input] as const, ["output", output] as const]) {
    if (text === null) continue;
    const count = countTokens(tokenizer, text);
    if (count === undefined) return undefined;
    counts.push([kind, countFromNumber(count)]);
  }
  return counts.length === 0 ? undefined : ownCounts(counts);
};

const usageOf = (call: Call, model: Model | undefined, hasCost: boolean, countTokens: CountTokens): Counts => {
  const provided = providedCounts(call.providedUsage);
  if (Object.keys(provided).length > 0) return withTotal(provided);
  const counted = model === undefined || hasCost || call.level === "ERROR" ? undefined : countedUsage(call, model, countTokens);
  return counted === undefined ? provided : withTotal(counted);
};

const providedCosts = (costs: TextMap): Costs =>
  new Map(
    Object.entries(costs).flatMap(([kind, cost]) => {
      const units = parseCost(cost);
      return units === undefined ? [] : [[kind, units] as const];
    }),
  );

/** A price for `total` applies only if no other kind of usage has one. */
const computedCosts = (usage: Counts, prices: Readonly<Record<string, string>>): Costs => {
  const costs = new Map(
    Object.entries(usage).flatMap(([kind, count]) => {
      const price = parseDecimal(priceOfKind(kind, prices) ?? "");
      return price === undefined ? [] : [[kind, costOf(count, price)] as const];
    }),
  );
  if (costs.size > 1) costs.delete("total");
  return costs;
};

const withTotalCost = (costs: Costs): Costs =>
  costs.size === 0 || costs.has("total") ? costs : new Map([...costs, ["total", sumOfCosts([...costs.values()])]]);

/** Returns the usage, the cost, and the model and tier they were computed from. `models` are the project's and the common ones. */
export const usageAndCost = (call: Call, models: readonly Model[], countTokens: CountTokens): UsageAndCost => {
  const sent = providedCosts(call.providedCost);
  const model = findModel(call.models, models, call.startTime);
  const usage = usageOf(call, model, sent.size > 0, countTokens);
  let tier: PricingTier | undefined;
  let costs = sent;
  if (sent.size === 0 && model !== undefined) {
    tier = matchTier(model.pricingTiers, { usage, modelParameters: call.modelParameters, metadata: call.metadata });
    costs = tier === undefined ? sent : computedCosts(usage, tier.prices);
    if (costs.size === 0) tier = undefined;
  }
  const costDetails = textMap(withTotalCost(costs), costText);
  return {
    usageDetails: textMap(Object.entries(usage), String),
    costDetails,
    totalCost: costDetails["total"] ?? null,
    modelId: model?.id ?? null,
    pricingTierId: tier?.id ?? null,
    pricingTierName: tier?.name ?? null,
  };
};
