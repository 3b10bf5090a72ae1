/** Models: a model for pricing: the names it matches, its start date, and the price per unit of each kind of usage. */

/** The unit that usage is counted in. A label: prices are per unit, whatever it is. */
export const usageUnits = ["CHARACTERS", "TOKENS", "MILLISECONDS", "SECONDS", "IMAGES", "REQUESTS"] as const;
export type UsageUnit = (typeof usageUnits)[number];

export const tierOperators = ["gt", "gte", "lt", "lte", "eq", "neq"] as const;
export type TierOperator = (typeof tierOperators)[number];

export type TierCondition =
  /** Compares the sum of all usage whose kind matches `pattern` with `value`. */
  | { kind: "usage"; pattern: string; isCaseSensitive: boolean; operator: TierOperator; value: number }
  /** A model parameter or metadata key equals one of these values; anything but a string is compared as JSON. */
  | { kind: "model_parameter" | "metadata"; key: string; values: readonly string[] };

export type PricingTier = {
  id: string;
  name: string;
  isDefault: boolean;
  /** Lower is tried first. */
  priority: number;
  /** All must hold; a tier without conditions can only be the default. */
  conditions: readonly TierCondition[];
  /** Kind of usage to USD per unit, as decimal text. */
  prices: Readonly<Record<string, string>>;
};

export type Model = {
  id: string;
  /** Null: for every project. */
  projectId: string | null;
  modelName: string;
  /** A Postgres regular expression, such as `(?i)^(gpt-4o)$`. */
  matchPattern: string;
  /** ISO 8601 UTC, a day or an instant; null: always in force. */
  startDate: string | null;
  /** Name of the tokenizer (tokenizers.ts); null if tokens cannot be counted. */
  tokenizer: string | null;
  pricingTiers: readonly PricingTier[];
};
