/** The tier a call is priced by: the first by priority whose conditions all hold, else the default one. */
import { isExactNumber, plainNumber } from "../exact-json.ts";
import type { Json } from "../ingestion/event.ts";
import { isPatternMatch } from "./compile-pattern.ts";
import type { PricingTier, TierCondition, TierOperator } from "./model.ts";

/** What conditions look at. */
export type TierFacts = {
  usage: Readonly<Record<string, bigint>>;
  modelParameters: Readonly<Record<string, Json>> | null;
  metadata: Readonly<Record<string, string>>;
};

/** More kinds, or longer ones, no condition looks at: nobody counts so much in earnest, and each pattern is tried on each. */
const kindsMax = 100;
const kindLengthMax = 100;

const isTrue = (operator: TierOperator, sum: bigint, value: number): boolean => {
  switch (operator) {
    case "gt":
      return sum > value;
    case "gte":
      return sum >= value;
    case "lt":
      return sum < value;
    case "lte":
      return sum <= value;
    case "eq":
      return sum === BigInt(Math.trunc(value)) && Number.isInteger(value);
    case "neq":
      return !isTrue("eq", sum, value);
    default:
      return operator satisfies never;
  }
};

/** A number as it was sent, or as JavaScript prints it. */
const textsOf = (value: Json): string[] => {
  if (typeof value === "string") return [value];
  return isExactNumber(value) ? [JSON.stringify(value), String(plainNumber(value))] : [JSON.stringify(value)];
};

const hasValue = (facts: Readonly<Record<string, Json>> | null, key: string, wanted: readonly string[]): boolean => {
  const value = facts !== null && Object.hasOwn(facts, key) ? facts[key] : undefined;
  return value !== undefined && textsOf(value).some((text) => wanted.includes(text));
};

const holds = (condition: TierCondition, facts: TierFacts): boolean => {
  switch (condition.kind) {
    case "usage": {
      const counts = Object.entries(facts.usage)
        .slice(0, kindsMax)
        .filter(([kind]) => kind.length <= kindLengthMax && isPatternMatch(condition.pattern, kind, condition.isCaseSensitive));
      return isTrue(
        condition.operator,
        counts.reduce((sum, [, count]) => sum + count, 0n),
        condition.value,
      );
    }
    case "model_parameter":
      return hasValue(facts.modelParameters, condition.key, condition.values);
    case "metadata":
      return hasValue(facts.metadata, condition.key, condition.values);
    default:
      return condition satisfies never;
  }
};

/** Undefined where no tier fits and none is the default. */
export const matchTier = (tiers: readonly PricingTier[], facts: TierFacts): PricingTier | undefined =>
  tiers
    .filter((tier) => !tier.isDefault && tier.conditions.length > 0)
    .sort((a, b) => a.priority - b.priority)
    .find((tier) => tier.conditions.every((condition) => holds(condition, facts))) ?? tiers.find((tier) => tier.isDefault);
