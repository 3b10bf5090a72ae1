/** Ingestion, pricing: an observation with its usage and cost, as part of what its project may ask of a batch. */
import type { MergedObservation } from "../../core/ingestion/merge/merge-observation.ts";
import { priceObservation } from "../../core/ingestion/price-observation.ts";
import { patternWork } from "../../core/models/compile-pattern.ts";
import type { Model } from "../../core/models/model.ts";
import type { Turns } from "../turns.ts";
import type { CountInPieces } from "./count-tokens.ts";
import type { ProjectBudget } from "./project-budget.ts";

export type PriceDeps = {
  loadModels: (projectId: string) => Promise<readonly Model[]>;
  /** Asked for only where tokens have to be counted. */
  openCounter: () => Promise<CountInPieces>;
  turns: Turns;
  budget: ProjectBudget;
};

/** Which texts are to be counted is known once a model has been found: it is priced again with each count, so that counting can be done in turns. */
export const priceInTurns = async (deps: PriceDeps, projectId: string, observation: MergedObservation): Promise<MergedObservation> => {
  const models = await deps.loadModels(projectId);
  const counts = new Map<string, number | undefined>();
  for (;;) {
    const asked: { key: string; tokenizer: string; text: string }[] = [];
    const before = patternWork.steps;
    const priced = priceObservation(observation, models, (tokenizer, text) => {
      const key = `${tokenizer} ${text}`;
      if (!counts.has(key)) asked.push({ key, tokenizer, text });
      return counts.get(key);
    });
    deps.budget.spend(projectId, { patternSteps: patternWork.steps - before });
    const [first] = asked;
    if (first === undefined) return priced;
    const counting = (await deps.openCounter())(first.tokenizer, first.text);
    if (counting !== undefined) deps.budget.spend(projectId, { tokenCharacters: first.text.length });
    counts.set(first.key, counting === undefined ? undefined : await deps.turns.run(counting));
  }
};
