/** A model as it is priced: which names it has, since when, and what a unit of each kind of usage costs. */

export const tierOperators = ["gt", "gte", "lt", "lte", "eq", "neq"] as const;
export type TierOperator = (typeof tierOperators)[number];

export type TierCondition =
  /** The sum of all usage whose kind matches `pattern`, compared with `value`. */
  | { kind: "usage"; pattern: string; isCaseSensitive: boolean; operator: TierOperator; value: number }
  /** Exactly this value of a model parameter or of metadata; what is no string is compared as its JSON. */
  | { kind: "model_parameter" | "metadata"; key: string; value: string };

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
  /** Name of the tokenizer; null where tokens cannot be counted. */
  tokenizer: string | null;
  pricingTiers: readonly PricingTier[];
};
