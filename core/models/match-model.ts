/** The model a call is priced by: the project's own before the common ones, the newest price that was in force before older ones, then the one made last. */
import { type BoundedCache, createBoundedCache } from "../bounded-cache.ts";
import { isPatternMatch, textLengthMax } from "./compile-pattern.ts";
import type { Model } from "./model.ts";

/** Names remembered of the models of one project, for as long as they are the same list. */
const namesMax = 500;

/** Comparable as text: `2026-01-02`, `2026-01-02T03:04:05Z` and the form of a ClickHouse column alike. */
const sortable = (instant: string): string => instant.replace(" ", "T").replace(/Z$/, "");

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Those without a start date come last. Ids sort by creation. */
const compareModels = (a: Model, b: Model): number =>
  Number(a.projectId === null) - Number(b.projectId === null) ||
  compareText(sortable(b.startDate ?? ""), sortable(a.startDate ?? "")) ||
  compareText(b.id, a.id);

const [unknown, matching, other] = [0, 1, 2] as const;

type Candidates = {
  ordered: readonly { model: Model; since: string }[];
  /** By name, for each candidate: whether its pattern matches, where that has been asked. */
  answers: BoundedCache<string, Uint8Array>;
};

/** A list of models is never changed: who reads them anew has another. */
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
 * `models` are those of one project and the common ones; `at` is when the call began, UTC. Patterns are tried in order until one matches; a name that was asked for before costs nothing.
 */
export const matchModel = (name: string, models: readonly Model[], at: string): Model | undefined => {
  // No pattern matches a longer name, and it is not worth remembering.
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
