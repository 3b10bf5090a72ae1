/** What changed between two JSON values: one line for each leaf. `{ a: { b: 1 } }` has the leaf `a.b`. */

export type Difference = {
  path: string;
  /** JSON; undefined where it was absent. */
  before: string | undefined;
  after: string | undefined;
};

/** Deeper values are one leaf: nobody reads further, and hostile ones nest without end. */
const depthMax = 6;
const leavesMax = 1000;

/** In the order of the value after, then what is gone. Equal leaves are left out unless asked for. Reads at most 1,000 leaves of each. */
export const differences = (before: unknown, after: unknown, { withEqual = false } = {}): Difference[] => {
  const [was, is] = [leavesOf(before), leavesOf(after)];
  return [...new Set([...is.keys(), ...was.keys()])]
    .map((path) => ({ path, before: was.get(path), after: is.get(path) }))
    .filter((one) => withEqual || one.before !== one.after);
};

const leavesOf = (value: unknown): Map<string, string> => {
  const leaves = new Map<string, string>();
  const visit = (one: unknown, path: string, depth: number): void => {
    if (leaves.size >= leavesMax) return;
    const entries = typeof one === "object" && one !== null && depth < depthMax ? Object.entries(one) : [];
    if (entries.length === 0) leaves.set(path, JSON.stringify(one) ?? "");
    for (const [name, inner] of entries) visit(inner, path === "" ? name : `${path}.${name}`, depth + 1);
  };
  if (value !== null && value !== undefined) visit(value, "", 0);
  return leaves;
};
