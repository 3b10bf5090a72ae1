/** Which observations have usage below them. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { aboveUsage, type UsageNode } from "../../../core/ingestion/roll-up.ts";

const seed = Number(process.env["FC_SEED"] ?? Date.now() % 1_000_000);

/** Any graph: parents that are missing, and circles. */
const graph = fc.array(fc.record({ parent: fc.option(fc.nat(12)), carriesUsage: fc.boolean() }), { maxLength: 10 });

it("those whose descendants have some, also with circles and parents that are not there", () => {
  fc.assert(
    fc.property(graph, (given) => {
      const nodes = given.map(
        ({ parent, carriesUsage }, index): UsageNode => ({
          id: String(index),
          parentId: parent === null ? null : String(parent),
          carriesUsage,
        }),
      );
      const expected = new Set<string>();
      for (const node of nodes.filter(({ carriesUsage }) => carriesUsage)) {
        const seen = new Set<string>();
        for (let id = node.parentId; id !== null && !seen.has(id); id = nodes.find((one) => one.id === id)?.parentId ?? null) {
          seen.add(id);
          expected.add(id);
        }
      }
      expect(aboveUsage(nodes)).toEqual(expected);
    }),
    { seed, numRuns: 1000 },
  );
});
