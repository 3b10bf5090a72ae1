/** Models: picks the tier that prices a call: the first by priority whose conditions all hold, else the default. */
import { isExactNumber, plainNumber } from "../exact-json.ts";
import type { Json } from "../ingestion/event.ts";
import { isPatternMatch } from "./compile-pattern.ts";
import type { PricingTier, TierCondition, TierOperator } from "./model.ts";

/** The facts that conditions test. */
type TierFacts = {
  usage: Readonly<Record<string, bigint>>;
  modelParameters: Readonly<Record<string, Json>> | null;
  metadata: Readonly<Record<string, string>>;
};

/** Conditions ignore further or longer kinds: no real call has so many, and each pattern is tried on each. */
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

/** Returns a number as sent and as JavaScript prints it. */
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

/** Returns undefined if no tier fits and there is no default. */
export const matchTier = (tiers: readonly PricingTier[], facts: TierFacts): PricingTier | undefined =>
  tiers
    .filter((tier) => !tier.isDefault && tier.conditions.length > 0)
    .sort((a, b) => a.priority - b.priority)
    .find((tier) => tier.conditions.every((condition) => holds(condition, facts))) ?? tiers.find((tier) => tier.isDefault);
