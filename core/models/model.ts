/** A model as it is priced: which names it has, since when, and what a unit of each kind of usage costs. */

/** What usage is counted in. A label: prices are for one of it, whatever it is. */
export const usageUnits = ["CHARACTERS", "TOKENS", "MILLISECONDS", "SECONDS", "IMAGES", "REQUESTS"] as const;
export type UsageUnit = (typeof usageUnits)[number];

export const tierOperators = ["gt", "gte", "lt", "lte", "eq", "neq"] as const;
export type TierOperator = (typeof tierOperators)[number];

export type TierCondition =
  /** The sum of all usage whose kind matches `pattern`, compared with `value`. */
  | { kind: "usage"; pattern: string; isCaseSensitive: boolean; operator: TierOperator; value: number }
  /** A model parameter or metadata has exactly one of these values; what is no string is compared as its JSON. */
  | { kind: "model_parameter" | "metadata"; key: string; values: readonly string[] };

export type PricingTier = {
  id: string;
  name: string;
  isDefault: boolean;
  /** Lower is tried first. */
  priority: number;
  /** All must hold; a tier without any is only ever the default. */
  conditions: readonly TierCondition[];
  /** Kind of usage to USD a unit, as decimal text. */
  prices: Readonly<Record<string, string>>;
};

export type Model = {
  id: string;
  /** Null is for every project. */
  projectId: string | null;
  modelName: string;
  /** A regular expression as Postgres spells it, such as `(?i)^(gpt-4o)$`. */
  matchPattern: string;
  /** ISO 8601 UTC, a day or an instant; null is from ever. */
  startDate: string | null;
  /** Name of the tokenizer (tokenizers.ts); null where tokens cannot be counted. */
  tokenizer: string | null;
  pricingTiers: readonly PricingTier[];
};
