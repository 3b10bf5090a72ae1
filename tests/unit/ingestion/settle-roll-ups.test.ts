/** Roll-ups settle whatever the order and the batches; the store behind the ports is a map. The same with real engines: tests/integration/roll-up-usage.test.ts. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { aboveUsage, withRolledUsage } from "../../../core/ingestion/roll-up.ts";
import type { MergedEntity } from "../../../runner/ingestion/merge-entity.ts";
import { settleRollUps } from "../../../runner/ingestion/settle-roll-ups.ts";
import { seedFrom } from "../../support/property-seed.ts";

const seed = seedFrom("FC_SEED");

/** `stays`: an SDK has sent usage for it as well, which nothing takes off. `none`: an older file in which it rolls up what no row can store. */
type Node = { id: string; parent: string | null; rolls: boolean; tokens: number; odd?: "stays" | "none" | undefined };
type MergedOne = MergedEntity & { kind: "observation" };

/** Only what settling looks at. */
const observation = ({ id, parent, rolls, tokens, odd }: Node): MergedOne => {
  const usage = { input: String(tokens) };
  const own = tokens > 0 && (!rolls || odd === "stays") ? usage : {};
  return {
    entity: { orderingKey: "p/t", events: [] },
    kind: "observation",
    merged: {
      row: {
        id,
        project_id: "p",
        trace_id: "t",
        parent_observation_id: parent,
        provided_model_name: null,
        provided_usage_details: own,
        usage_details: own,
        provided_cost_details: {},
        cost_details: {},
      },
      otel: { source: "otel", ...(rolls && tokens > 0 ? { rollUp: { usageDetails: odd === "none" ? {} : { input: tokens } } } : {}) },
    },
  } as unknown as MergedOne;
};

const trace = (rollUps: string[]): MergedEntity =>
  ({
    entity: { orderingKey: "p/t", events: [{ entityType: "trace", body: { rollUps } }] },
    kind: "trace",
    row: { project_id: "p", id: "t" },
  }) as unknown as MergedEntity;

/** Most parents came before; some make a cycle, and some are not there. */
const parentOf = (above: number, index: number, count: number): string | null =>
  above % 3 === 0 ? `s${above % (count + 1)}` : index === 0 ? null : `s${above % index}`;

const isBelow = (nodes: readonly Node[], one: Node, above: Node): boolean => {
  const seen = new Set<string>();
  for (let at = one.parent; at !== null && !seen.has(at); at = nodes.find(({ id }) => id === at)?.parent ?? null) {
    if (at === above.id) return true;
    seen.add(at);
  }
  return false;
};

it("each token ends in one row, whatever the order of spans, the batches, and whether the trace comes with them", {
  timeout: 60_000,
}, async () => {
  const plan = fc.array(
    fc.record({
      ...{ above: fc.nat(), rolls: fc.boolean(), tokens: fc.constantFrom(0, 3, 40), batch: fc.nat(3), key: fc.nat() },
      odd: fc.constantFrom(undefined, undefined, undefined, "stays" as const, "none" as const),
    }),
    {
      minLength: 2,
      maxLength: 9,
    },
  );
  await fc.assert(
    fc.asyncProperty(plan, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), async (given, withTrace) => {
      const nodes = given.map(
        ({ above, rolls, tokens, odd }, index): Node => ({
          ...{ id: `s${index}`, parent: parentOf(above, index, given.length), rolls, tokens, odd },
        }),
      );
      const stored = new Map<string, MergedOne>();
      const named: string[] = [];
      let queries = 0;
      let [isLater, hasChanged] = [false, false];
      const deps = {
        clickhouse: {
          queryRows: <Row>() => {
            queries++;
            const rows = [...stored.values()].map(({ merged: { row } }) => ({
              project_id: "p",
              trace_id: "t",
              id: row.id,
              parent_id: row.parent_observation_id,
              carries_usage: Object.keys(row.usage_details).length > 0,
            }));
            return Promise.resolve(rows as Row[]);
          },
        },
        keepUsage: (one: MergedOne) => Promise.resolve({ ...one, merged: withRolledUsage(one.merged) }),
        writeAgain: (one: MergedOne) => {
          hasChanged = true;
          return Promise.resolve(void stored.set(one.merged.row.id, one));
        },
        continueLater: (orderingKey: string) => {
          expect(orderingKey).toBe("p/t");
          isLater = true;
        },
        readRollUps: () => Promise.resolve(new Set(named)),
        // One that changes in each batch: what is left comes with the next one.
        readAgain: ({ id }: { id: string }) => {
          if (hasChanged) return Promise.resolve("later" as const);
          const node = nodes.find((one) => one.id === id);
          return Promise.resolve(node === undefined ? undefined : observation(node));
        },
      };
      for (const batch of [0, 1, 2, 3]) {
        const sent = nodes
          .filter((_, index) => given[index]?.batch === batch)
          .toSorted((a, b) => (given[Number(a.id.slice(1))]?.key ?? 0) - (given[Number(b.id.slice(1))]?.key ?? 0));
        if (sent.length === 0) continue;
        named.push(...sent.filter(({ rolls, tokens }) => rolls && tokens > 0).map(({ id }) => id));
        const entities = [...(withTrace[batch] === true ? [trace([...named])] : []), ...sent.map(observation)];
        let rounds = 0;
        do {
          expect(++rounds).toBeLessThan(nodes.length + 2);
          [isLater, hasChanged] = [false, false];
          for (const one of await settleRollUps(deps, entities, new AbortController().signal))
            if (one.kind === "observation") stored.set(one.merged.row.id, one);
        } while (isLater);
      }
      const above = aboveUsage(
        nodes.map(({ id, parent, rolls, tokens }) => ({ id, parentId: parent, carriesUsage: tokens > 0, isOwnUsage: !rolls })),
      );
      const keeps = ({ id, odd }: Node) => odd === "stays" || (odd !== "none" && !above.has(id));
      const expected = nodes.filter((one) => one.tokens > 0 && (!one.rolls || keeps(one)));
      const found = [...stored.values()]
        .filter(({ merged }) => Object.keys(merged.row.usage_details).length > 0)
        .map(({ merged }) => merged.row.id);
      if (named.length === 0 && withTrace.every(Boolean)) expect(queries).toBe(0);
      // Whether one that rolls up nothing hides what is above it depends on the batches. It ends all the same.
      if (nodes.some(({ odd, rolls, tokens }) => odd === "none" && rolls && tokens > 0)) return;
      expect(found.toSorted()).toEqual(expected.map(({ id }) => id).toSorted());
      if (nodes.some((one) => isBelow(nodes, one, one))) return;
      // Without a cycle, by definition.
      const isHidden = (one: Node) =>
        one.rolls && one.odd !== "stays" && nodes.some((other) => other.tokens > 0 && isBelow(nodes, other, one));
      const defined = nodes.filter((one) => one.tokens > 0 && !isHidden(one));
      expect(found.toSorted()).toEqual(defined.map(({ id }) => id).toSorted());
    }),
    { seed, numRuns: 1500 },
  );
});
