/**
 * Usage: every span attribute that reports the cost of a call, in USD. A reported cost, even zero, is never recalculated. `docs/usage.md`
 * is generated from it.
 */
import type { UsageSource } from "./usage-sources.ts";

export type CostSpelling = {
  name: string;
  kind: "input" | "output" | "total";
  sources: readonly UsageSource[];
  /** Where the cost is in the JSON of the attribute. */
  fields?: readonly string[];
  /** Costs in the same JSON that come on top if they are greater: what the caller's own key is charged beside the gateway's fee. */
  plus?: readonly string[];
  /** A cost in the same JSON that counts if this one is zero: what the provider charges the caller's own key. */
  ifZero?: readonly string[];
};

const of = (
  kind: CostSpelling["kind"],
  sources: readonly UsageSource[],
  names: readonly string[],
  more: Pick<CostSpelling, "fields" | "plus" | "ifZero"> = {},
): CostSpelling[] => names.map((name) => ({ name, kind, sources, ...more }));

const response = ["ai.response.providerMetadata"];

/** Per kind, the first number of at least zero counts. */
export const costSpellings: readonly CostSpelling[] = [
  ...of("total", ["openllmetry", "openrouter"], ["gen_ai.usage.cost", "gen_ai.usage.total_cost", "gen_ai.usage.cost_usd"]),
  ...of("total", ["litellm"], ["gen_ai.cost.total_cost", "litellm.cost.total"]),
  ...of("total", ["sentry"], ["gen_ai.cost.total_tokens"]),
  ...of("total", ["openinference"], ["llm.cost.total"]),
  ...of("total", ["openllmetry"], ["llm.usage.total_cost", "llm.usage.cost"]),
  ...of("total", ["pydantic"], ["operation.cost"]),
  ...of("total", ["genaiOtel"], ["gen_ai.usage.cost.total"]),
  ...of("total", ["own"], ["gen_ai.cost.total", "gen_ai.cost.usd", "gen_ai.usage.cost.usd", "gen_ai.usage.total_cost_usd"]),
  ...of("total", ["mlflow"], ["mlflow.llm.cost"], { fields: ["total_cost"] }),
  ...of("total", ["langsmith"], ["langsmith.usage_metadata"], { fields: ["total_cost"] }),
  ...of("total", ["aiGateway"], response, { fields: ["gateway", "cost"], ifZero: ["gateway", "marketCost"] }),
  ...of("total", ["openrouter"], response, {
    fields: ["openrouter", "usage", "cost"],
    plus: ["openrouter", "usage", "costDetails", "upstreamInferenceCost"],
  }),
  ...of("input", ["litellm"], ["gen_ai.cost.input_cost", "litellm.cost.input"]),
  ...of("input", ["openinference"], ["llm.cost.prompt", "llm.cost.input"]),
  ...of("input", ["openllmetry"], ["gen_ai.usage.input_cost"]),
  ...of("input", ["sentry"], ["gen_ai.cost.input_tokens"]),
  ...of("input", ["genaiOtel"], ["gen_ai.usage.cost.prompt"]),
  ...of("input", ["own"], ["gen_ai.cost.input_usd"]),
  ...of("input", ["mlflow"], ["mlflow.llm.cost"], { fields: ["input_cost"] }),
  ...of("input", ["langsmith"], ["langsmith.usage_metadata"], { fields: ["input_cost"] }),
  ...of("output", ["litellm"], ["gen_ai.cost.output_cost", "litellm.cost.output"]),
  ...of("output", ["openinference"], ["llm.cost.completion", "llm.cost.output"]),
  ...of("output", ["openllmetry"], ["gen_ai.usage.output_cost"]),
  ...of("output", ["sentry"], ["gen_ai.cost.output_tokens"]),
  ...of("output", ["genaiOtel"], ["gen_ai.usage.cost.completion"]),
  ...of("output", ["own"], ["gen_ai.cost.output_usd"]),
  ...of("output", ["mlflow"], ["mlflow.llm.cost"], { fields: ["output_cost"] }),
  ...of("output", ["langsmith"], ["langsmith.usage_metadata"], { fields: ["output_cost"] }),
];
