/** A condition of a tier in words. */
import type { Model } from "../../generated/types.gen.ts";

type Condition = Model["pricingTiers"][number]["conditions"][number];

export const operatorTitles = {
  gt: "more than",
  gte: "at least",
  lt: "less than",
  lte: "at most",
  eq: "exactly",
  neq: "not",
} as const;

export const conditionText = (condition: Condition): string =>
  "source" in condition
    ? `${condition.source === "metadata" ? "Metadata" : "Model parameter"} ${condition.key} is ${condition.values.join(" or ")}`
    : `Usage that matches ${condition.usageDetailPattern} is ${operatorTitles[condition.operator]} ${condition.value.toLocaleString("en-US")}`;
