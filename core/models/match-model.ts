/**
 * Models: picks the model that prices a call: the project's own before common ones, then the newest price in force, then the one created
 * last.
 */
import { type BoundedCache, createBoundedCache } from "../bounded-cache.ts";
import { isPatternMatch, textLengthMax } from "./compile-pattern.ts";
import type { Model } from "./model.ts";

/** Names cached per list of a project's models. */
const namesMax = 500;

/** Makes `2026-01-02`, `2026-01-02T03:04:05Z` and a ClickHouse column's format comparable as text. */
const sortable = (instant: string): string => instant.replace(" ", "T").replace(/Z$/, "");

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Models without a start date come last. Ids sort by creation. */
const compareModels = (a: Model, b: Model): number =>
  Number(a.projectId === null) - Number(b.projectId === null) ||
  compareText(sortable(b.startDate ?? ""), sortable(a.startDate ?? "")) ||
  compareText(b.id, a.id);

const [unknown, matching, other] = [0, 1, 2] as const;

type Candidates = {
  ordered: readonly { model: Model; since: string }[];
  /** Per name, for each candidate: whether its pattern matches, once computed. */
  answers: BoundedCache<string, Uint8Array>;
};

/** A list of models is never modified; reading them again gives a new list. */
const candidatesOf = new WeakMap<readonly Model[], Candidates>();

const candidates = (models: readonly Model[]): Candidates => {
  const known = candidatesOf.get(models);
  if (known !== undefined) return known;
  const ordered = models.toSorted(compareModels).map((model) => ({ model, since: sortable(model.startDate ?? "") }));
  const made = { ordered, answers: createBoundedCache<string, Uint8Array>({ weightMax: namesMax }) };
  candidatesOf.set(models, made);
  return made;
};

/**
 * `models` are one project's and the common ones; `at` is the start of the call, UTC. Tries patterns in order until one matches; a name
 * asked before costs nothing.
 */
export const matchModel = (name: string, models: readonly Model[], at: string): Model | undefined => {
  // No pattern matches a longer name, and caching it is not worthwhile.
  if (name.length > textLengthMax) return undefined;
  const { ordered, answers } = candidates(models);
  const known = answers.get(name, () => new Uint8Array(ordered.length).fill(unknown));
  const began = sortable(at);
  return ordered.find(({ model, since }, place) => {
    if (since > began) return false;
    if (known[place] === unknown) known[place] = isPatternMatch(model.matchPattern, name) ? matching : other;
    return known[place] === matching;
  })?.model;
};
