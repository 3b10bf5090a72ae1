/**
 * Models: finds the model that prices a call, among all names the call gives: the response's before the request's, each also without what
 * gateways add.
 */
import { candidateNames } from "./candidate-names.ts";
import { matchModel } from "./match-model.ts";
import type { Model } from "./model.ts";

/** Splits the models into own and common lists that stay the same objects, so that matchModel's memo by list works. */
const splitModels = new WeakMap<readonly Model[], readonly (readonly Model[])[]>();

const byOwner = (models: readonly Model[]): readonly (readonly Model[])[] => {
  const known = splitModels.get(models);
  if (known !== undefined) return known;
  const made = [models.filter(({ projectId }) => projectId !== null), models.filter(({ projectId }) => projectId === null)];
  splitModels.set(models, made);
  return made;
};

/**
 * For each name, tries all candidates on the project's own models, then on the common ones, so that another spelling never bypasses a
 * project's price. `at` is the start of the call, UTC.
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
