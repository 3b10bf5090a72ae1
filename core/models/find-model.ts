/** The model that prices a call, from every name the call gives: that of the response before that of the request, each also without what gateways put around it. */
import { candidateNames } from "./candidate-names.ts";
import { matchModel } from "./match-model.ts";
import type { Model } from "./model.ts";

/**
 * For each name in turn: the project's own models are asked for all its candidates, then the common ones, so that a project's price is never passed over for
 * the sake of a spelling. `at` is when the call began, UTC.
 */
export const findModel = (names: readonly string[], models: readonly Model[], at: string): Model | undefined => {
  const own = models.filter(({ projectId }) => projectId !== null);
  const common = models.filter(({ projectId }) => projectId === null);
  for (const name of names) {
    const candidates = candidateNames(name);
    for (const asked of [own, common]) {
      if (asked.length === 0) continue;
      for (const candidate of candidates) {
        const model = matchModel(candidate, asked, at);
        if (model !== undefined) return model;
      }
    }
  }
  return undefined;
};
