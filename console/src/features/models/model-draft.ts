/** The form of a new model as it is typed, and the request that it becomes. */
import type { CreateModel } from "../../generated/types.gen.ts";
import { patternOf, unitPriceOf } from "./price-text.ts";

export type PriceDraft = { kind: string; amount: string };
export type TierDraft = {
  name: string;
  /** Kinds of usage whose sum is compared, as a pattern. */
  usage: string;
  operator: "gt" | "gte" | "lt" | "lte" | "eq" | "neq";
  value: string;
  prices: readonly PriceDraft[];
};
export type ModelDraft = {
  modelName: string;
  /** Empty: the pattern that matches the name alone. */
  matchPattern: string;
  startDate: string;
  prices: readonly PriceDraft[];
  /** Besides the default tier. */
  tiers: readonly TierDraft[];
};

export const emptyDraft: ModelDraft = {
  modelName: "",
  matchPattern: "",
  startDate: "",
  prices: [
    { kind: "input", amount: "" },
    { kind: "output", amount: "" },
  ],
  tiers: [],
};

export const emptyTier = (prices: readonly PriceDraft[]): TierDraft => ({
  name: "Long context",
  usage: "^input",
  operator: "gt",
  value: "200000",
  prices: prices.map(({ kind }) => ({ kind, amount: "" })),
});

/** Messages by the path of the request, as the API gives them. */
export type DraftFaults = Readonly<Record<string, string>>;

/** What the form knows to be wrong before it asks the API, which knows the rest. */
export const draftFaults = (draft: ModelDraft): DraftFaults => ({
  ...(draft.modelName.trim() === "" && { modelName: "Give the model a name." }),
  ...priceFaults("pricingTiers.0", draft.prices),
  ...Object.assign(
    {},
    ...draft.tiers.map(({ prices, name, value, usage }, index) => ({
      ...priceFaults(`pricingTiers.${index + 1}`, prices),
      ...(name.trim() === "" && { [`pricingTiers.${index + 1}.name`]: "Give the tier a name." }),
      ...(usage.trim() === "" && { [`pricingTiers.${index + 1}.usage`]: "Name the usage." }),
      ...((value.trim() === "" || !Number.isFinite(Number(value))) && { [`pricingTiers.${index + 1}.value`]: "Give a number." }),
    })),
  ),
});

const priceFaults = (path: string, prices: readonly PriceDraft[]): DraftFaults => {
  const filled = prices.filter(({ kind, amount }) => kind.trim() !== "" && amount.trim() !== "");
  const unnamed = prices.find(({ kind, amount }) => kind.trim() === "" && amount.trim() !== "");
  if (unnamed !== undefined) return { [`${path}.prices`]: `Name the kind of usage that ${unnamed.amount.trim()} is the price of.` };
  if (filled.length === 0) return { [`${path}.prices`]: "Give at least one price." };
  const kinds = filled.map(({ kind }) => kind.trim());
  const twice = kinds.find((kind, index) => kinds.indexOf(kind) !== index);
  if (twice !== undefined) return { [`${path}.prices`]: `${twice} has two prices.` };
  const bad = filled.find(({ amount }) => unitPriceOf(amount) === undefined);
  return bad === undefined ? {} : { [`${path}.prices`]: `The price of ${bad.kind} must be an amount in USD, such as 2.50.` };
};

export const requestOf = (draft: ModelDraft): CreateModel => ({
  modelName: draft.modelName.trim(),
  matchPattern: draft.matchPattern.trim() || patternOf(draft.modelName.trim()),
  ...(draft.startDate && { startDate: draft.startDate }),
  pricingTiers: [
    { name: "Standard", isDefault: true, priority: 0, conditions: [], prices: pricesOf(draft.prices) },
    ...draft.tiers.map(({ name, usage, operator, value, prices }, index) => ({
      name: name.trim(),
      isDefault: false,
      priority: index + 1,
      conditions: [{ usageDetailPattern: usage.trim(), operator, value: Number(value) }],
      prices: pricesOf(prices),
    })),
  ],
});

const pricesOf = (prices: readonly PriceDraft[]): Record<string, string> =>
  Object.fromEntries(
    prices
      .filter(({ kind, amount }) => kind.trim() !== "" && amount.trim() !== "")
      .map(({ kind, amount }) => [kind.trim(), unitPriceOf(amount) ?? ""]),
  );
