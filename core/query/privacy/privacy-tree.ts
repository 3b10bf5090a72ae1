/** All rules of one column as a tree of their paths, so that one pass over a document applies them all. */
import type { PathStep, PrivacyAction } from "./privacy.ts";

export type PrivacyTree = {
  /** Action for the value itself; null if rules only name places inside it. */
  action: PrivacyAction | null;
  /** Rules for the elements of an array. */
  each: PrivacyTree | null;
  /** Rules for the values of an object by key, compared exactly. */
  keys: Map<string, PrivacyTree>;
};

export const emptyTree = (): PrivacyTree => ({ action: null, each: null, keys: new Map() });

/** Counts the places of the tree, including those on the way to others. */
export const countPlaces = ({ each, keys }: PrivacyTree): number =>
  1 + (each === null ? 0 : countPlaces(each)) + [...keys.values()].reduce((sum, child) => sum + countPlaces(child), 0);

/** If two rules name one place, the one that reveals less applies. */
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
 * Adds a rule on a map, which is at `above` in the tree. Map keys may contain dots, such as span attributes: `metadata.user.email` names
 * the key `user.email` as well as a value inside `user`.
 */
export const addMapRule = (tree: PrivacyTree, steps: readonly PathStep[], action: PrivacyAction, above: readonly PathStep[] = []): void => {
  const names: string[] = [];
  for (const [index, step] of steps.entries()) {
    if (step === "each") break;
    names.push(step.key);
    addRule(tree, [...above, { key: names.join(".") }, ...steps.slice(index + 1)], action);
  }
};
