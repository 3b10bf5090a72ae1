/** Which observations have usage below them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aboveUsage, type UsageNode } from "../../../core/ingestion/roll-up.ts";
import { seedFrom } from "../../support/property-seed.ts";

const seed = seedFrom("FC_SEED");

/** Any graph: parents that are missing, spans that are their own parents, and circles. */
const graph = fc
  .array(fc.record({ parent: fc.option(fc.nat(12)), carriesUsage: fc.boolean(), isOwnUsage: fc.boolean() }), { maxLength: 10 })
  .map((given) =>
    given.map(
      ({ parent, ...node }, index): UsageNode => ({ id: String(index), parentId: parent === null ? null : String(parent), ...node }),
    ),
  );

/** All above it, by definition; itself where it is in a circle. */
const ancestors = (nodes: readonly UsageNode[], node: UsageNode): Set<string> => {
  const seen = new Set<string>();
  for (let id = node.parentId; id !== null && !seen.has(id); id = nodes.find((one) => one.id === id)?.parentId ?? null) seen.add(id);
  return seen;
};
const isBelow = (nodes: readonly UsageNode[], one: UsageNode, other: UsageNode) => ancestors(nodes, one).has(other.id);

describe("nodes with usage below them", () => {
  it("are the ancestors of those with usage, where nothing is its own ancestor", () => {
    fc.assert(
      fc.property(graph, (given) => {
        const nodes = given.map((node) => (ancestors(given, node).has(node.id) ? { ...node, parentId: null } : node));
        const expected = new Set(nodes.filter(({ carriesUsage }) => carriesUsage).flatMap((node) => [...ancestors(nodes, node)]));
        expect(aboveUsage(nodes)).toEqual(expected);
      }),
      { seed, numRuns: 1000 },
    );
  });

  it("never leave a path without its usage, nor with it twice, in any graph and any order", () => {
    fc.assert(
      fc.property(graph, fc.array(fc.nat(), { minLength: 10, maxLength: 10 }), (nodes, keys) => {
        const above = aboveUsage(nodes);
        const carrying = nodes.filter(({ carriesUsage }) => carriesUsage);
        const kept = carrying.filter(({ id }) => !above.has(id));
        for (const node of carrying)
          expect([node, ...nodes.filter((one) => isBelow(nodes, one, node))].filter((one) => kept.includes(one))).not.toEqual([]);
        for (const node of kept) expect(kept.filter((one) => one !== node && isBelow(nodes, one, node))).toEqual([]);
        const shuffled = nodes.toSorted((a, b) => (keys[Number(a.id)] ?? 0) - (keys[Number(b.id)] ?? 0));
        expect(aboveUsage(shuffled)).toEqual(above);
      }),
      { seed, numRuns: 2000 },
    );
  });

  it("keep as much as the same graph with each circle opened below the node that keeps its usage", () => {
    fc.assert(
      fc.property(graph, (nodes) => {
        const above = aboveUsage(nodes);
        const isCircular = (node: UsageNode) => ancestors(nodes, node).has(node.id);
        const keeps = (node: UsageNode) => node.carriesUsage && !above.has(node.id);
        // The member whose parent is the keeper has none: the keeper is the lowest of what was a circle.
        const opened = nodes.map((node) => {
          const parent = nodes.find(({ id }) => id === node.parentId);
          return isCircular(node) && parent !== undefined && isCircular(parent) && keeps(parent) ? { ...node, parentId: null } : node;
        });
        const aboveOpened = aboveUsage(opened);
        const total = (found: Set<string>) =>
          nodes.filter(({ id, carriesUsage }) => carriesUsage && !found.has(id)).reduce((sum, { id }) => sum + 2 ** Number(id), 0);
        expect(total(above)).toBe(total(aboveOpened));
      }),
      { seed, numRuns: 1000 },
    );
  });

  const circle = (...nodes: [id: string, parentId: string, isOwnUsage?: boolean][]) =>
    aboveUsage(nodes.map(([id, parentId, isOwnUsage = false]) => ({ id, parentId, carriesUsage: true, isOwnUsage })));

  it("leave its own usage to a node that is its own parent", () => {
    expect(circle(["a", "a"])).toEqual(new Set());
  });

  it("leave the usage of a circle to its smallest id", () => {
    expect(circle(["c", "a"], ["b", "c"], ["a", "b"])).toEqual(new Set(["b", "c"]));
  });

  it("leave the usage of a circle to a call in it, whose usage is its own", () => {
    expect(circle(["a", "b"], ["b", "a", true])).toEqual(new Set(["a"]));
  });

  it("are all of a circle that has usage below it", () => {
    expect(circle(["a", "b"], ["b", "a"], ["c", "b"])).toEqual(new Set(["a", "b"]));
  });
});
