/** All rules of one column as a tree of their paths, so that one pass over a document applies them all. */
import type { PathStep, PrivacyAction } from "./privacy.ts";

export type PrivacyTree = {
  /** What happens to the value itself; null: only to places inside. */
  action: PrivacyAction | null;
  /** Elements of an array. */
  each: PrivacyTree | null;
  /** Values of an object by their key, compared exactly. */
  keys: Map<string, PrivacyTree>;
};

export const emptyTree = (): PrivacyTree => ({ action: null, each: null, keys: new Map() });

/** Places of the tree, those on the way counted. */
export const countPlaces = ({ each, keys }: PrivacyTree): number =>
  1 + (each === null ? 0 : countPlaces(each)) + [...keys.values()].reduce((sum, child) => sum + countPlaces(child), 0);

/** Of two rules on one place the one that gives less away counts. */
const strictness: Record<PrivacyAction, number> = { hash: 0, mask: 1, drop: 2 };

export const addRule = (tree: PrivacyTree, steps: readonly PathStep[], action: PrivacyAction): void => {
  const [step, ...rest] = steps;
  if (step === undefined) {
    if (tree.action === null || strictness[action] > strictness[tree.action]) tree.action = action;
  } else if (step === "each") {
    tree.each ??= emptyTree();
    addRule(tree.each, rest, action);
  } else {
    const next = tree.keys.get(step.key) ?? emptyTree();
    tree.keys.set(step.key, next);
    addRule(next, rest, action);
  }
};

/**
 * A rule on a map, which stands at `above` in the tree. Keys of maps may hold dots themselves, as attributes of spans do: `metadata.user.email` names the key `user.email` as well as
 * what is inside `user`.
 */
export const addMapRule = (tree: PrivacyTree, steps: readonly PathStep[], action: PrivacyAction, above: readonly PathStep[] = []): void => {
  const names: string[] = [];
  for (const [index, step] of steps.entries()) {
    if (step === "each") break;
    names.push(step.key);
    addRule(tree, [...above, { key: names.join(".") }, ...steps.slice(index + 1)], action);
  }
};
