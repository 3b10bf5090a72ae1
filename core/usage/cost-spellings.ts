/**
 * Usage: every span attribute that reports the cost of a call, in USD. A reported cost, even zero, is never recalculated. `docs/usage.md`
 * is generated from it.
 */
import type { UsageSource } from "./usage-sources.ts";

type CostSpelling = { name: string; kind: "input" | "output" | "total"; sources: readonly UsageSource[] };

const of = (kind: CostSpelling["kind"], sources: readonly UsageSource[], names: readonly string[]): CostSpelling[] =>
  names.map((name) => ({ name, kind, sources }));

/** Per kind, the first number of at least zero counts. */
export const costSpellings: readonly CostSpelling[] = [
  ...of("total", ["openllmetry", "openrouter"], ["gen_ai.usage.cost", "gen_ai.usage.total_cost", "gen_ai.usage.cost_usd"]),
  ...of("total", ["litellm"], ["gen_ai.cost.total_cost", "litellm.cost.total"]),
  ...of("total", ["openinference"], ["llm.cost.total"]),
  ...of("total", ["openllmetry"], ["llm.usage.total_cost", "llm.usage.cost"]),
  ...of("total", ["pydantic"], ["operation.cost"]),
  ...of("input", ["litellm"], ["gen_ai.cost.input_cost", "litellm.cost.input"]),
  ...of("input", ["openinference"], ["llm.cost.prompt", "llm.cost.input"]),
  ...of("input", ["openllmetry"], ["gen_ai.usage.input_cost"]),
  ...of("output", ["litellm"], ["gen_ai.cost.output_cost", "litellm.cost.output"]),
  ...of("output", ["openinference"], ["llm.cost.completion", "llm.cost.output"]),
  ...of("output", ["openllmetry"], ["gen_ai.usage.output_cost"]),
];
