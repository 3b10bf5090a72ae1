/** Ingestion, pricing: adds usage and cost to an observation, within the project's budget for a batch. */
import type { MergedObservation } from "../../core/ingestion/merge/merge-observation.ts";
import { priceObservation } from "../../core/ingestion/price-observation.ts";
import { patternWork } from "../../core/models/compile-pattern.ts";
import type { Model } from "../../core/models/model.ts";
import type { Turns } from "../turns.ts";
import type { CountInPieces } from "./count-tokens.ts";
import type { ProjectBudget } from "./project-budget.ts";

export type PriceDeps = {
  loadModels: (projectId: string) => Promise<readonly Model[]>;
  /** Called only if tokens have to be counted. */
  openCounter: () => Promise<CountInPieces>;
  turns: Turns;
  budget: ProjectBudget;
};

/**
 * Prices the observation again after each count. Which texts to count is known only once a model is found, and counting between two runs
 * can pause for other work.
 */
export const priceInTurns = async (deps: PriceDeps, projectId: string, observation: MergedObservation): Promise<MergedObservation> => {
  const models = await deps.loadModels(projectId);
  const counts = new Map<string, number | undefined>();
  for (;;) {
    const toCount: { key: string; tokenizer: string; text: string }[] = [];
    const before = patternWork.steps;
    const priced = priceObservation(observation, models, (tokenizer, text) => {
      const key = `${tokenizer} ${text}`;
      if (!counts.has(key)) toCount.push({ key, tokenizer, text });
      return counts.get(key);
    });
    deps.budget.spend(projectId, { patternSteps: patternWork.steps - before });
    const [first] = toCount;
    if (first === undefined) return priced;
    const counting = (await deps.openCounter())(first.tokenizer, first.text);
    if (counting !== undefined) deps.budget.spend(projectId, { tokenCharacters: first.text.length });
    counts.set(first.key, counting === undefined ? undefined : await deps.turns.run(counting));
  }
};
