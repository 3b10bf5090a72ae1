/** The model that prices a call, from every name the call gives: that of the response before that of the request, each also without what gateways put around it. */
import { candidateNames } from "./candidate-names.ts";
import { matchModel } from "./match-model.ts";
import type { Model } from "./model.ts";

/** Own and common models as lists that stay the same, so that what is known of names by them is remembered (matchModel). */
const splitModels = new WeakMap<readonly Model[], readonly (readonly Model[])[]>();

const byOwner = (models: readonly Model[]): readonly (readonly Model[])[] => {
  const known = splitModels.get(models);
  if (known !== undefined) return known;
  const made = [models.filter(({ projectId }) => projectId !== null), models.filter(({ projectId }) => projectId === null)];
  splitModels.set(models, made);
  return made;
};

/**
 * For each name in turn: the project's own models are asked for all its candidates, then the common ones, so that a project's price is never passed over for
 * the sake of a spelling. `at` is when the call began, UTC.
 */
export const findModel = (names: readonly string[], models: readonly Model[], at: string): Model | undefined => {
  const owners = byOwner(models);
  for (const name of names) {
    const candidates = candidateNames(name);
    for (const asked of owners) {
      if (asked.length === 0) continue;
      for (const candidate of candidates) {
        const model = matchModel(candidate, asked, at);
        if (model !== undefined) return model;
      }
    }
  }
  return undefined;
};
