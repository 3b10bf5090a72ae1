import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ArrangeOptions, arrangeBatch } from "../../../core/ingestion/arrange-batch.ts";
import { parseEvent } from "../../../core/ingestion/event-schema.ts";
import { arriving, numRuns, parsed, seed, sent } from "./arriving.ts";

const options: ArrangeOptions = {
  projectId: "p",
  prefix: "events/",
  sampling: new Map(),
  segmentBytesMax: 200,
  sha256Hex: (text) => createHash("sha256").update(text).digest("hex"),
};

const arrange = (originals: unknown[], more: Partial<ArrangeOptions> = {}, isInternal = true) =>
  arrangeBatch(
    originals.map((original) => ({ event: parsed(original, isInternal), original })),
    { ...options, ...more },
  );
const at = (seconds: number) => `2026-01-02T03:04:${String(seconds).padStart(2, "0")}Z`;
const span = (id: string, eventId: string, rest: { type?: string; seconds?: number; body?: object } = {}) =>
  sent(rest.type ?? "span-create", { id, ...rest.body }, { id: eventId, timestamp: at(rest.seconds ?? 0) });
const idsOf = (events: unknown[]) => events.map((event) => (event as { id: string }).id);

describe("a group", () => {
  it("holds the originals of one entity: creates before updates, then by time, then as they were sent", () => {
    const [group, ...others] = arrange([
      span("o", "u2", { type: "span-update", seconds: 1 }),
      span("o", "c3", { seconds: 9 }),
      span("o", "c2", { seconds: 5 }),
      span("o", "u1", { type: "generation-update", seconds: 1 }),
      span("o", "c1", { seconds: 5 }),
      span("o", "u0", { type: "observation-update", seconds: 0, body: { type: "SPAN" } }),
    ]);
    expect(others).toEqual([]);
    expect(idsOf(group?.events ?? [])).toEqual(["c2", "c1", "c3", "u0", "u2", "u1"]);
    expect(group).toMatchObject({ entityType: "observation", entityId: "o", eventId: "c2" });
  });

  it("orders times by the instant, whatever zone they are written in", () => {
    const [group] = arrange([
      sent("span-create", { id: "o" }, { id: "late", timestamp: "2026-01-02T03:00:00-05:00" }),
      sent("span-create", { id: "o" }, { id: "early", timestamp: "2026-01-02T03:00:00.5+05:00" }),
    ]);
    expect(idsOf(group?.events ?? [])).toEqual(["early", "late"]);
  });

  it("is of one type of entity: a trace and an observation with one id are two", () => {
    const groups = arrange([
      sent("trace-create", { id: "x" }),
      span("x", "e2"),
      sent("score-create", { id: "x", name: "s", value: 1, traceId: "t" }),
    ]);
    expect(groups.map(({ fileKey }) => fileKey).toSorted()).toEqual([
      "events/p/observation/x/e2.json",
      "events/p/score/x/evt-1.json",
      "events/p/trace/x/evt-1.json",
    ]);
  });

  it("exists for events without body.id too, with the same entity when the event is sent again", () => {
    const score = sent("score-create", { name: "s", value: 1, traceId: "t" }, { id: "e1" });
    const [group] = arrange([score]);
    expect(group).toMatchObject({ entityId: "e1", fileKey: "events/p/score/e1/e1.json", events: [score] });
    expect(arrange([structuredClone(score)])).toEqual([group]);
  });

  it("of an empty batch is none", () => {
    expect(arrange([])).toEqual([]);
  });
});

describe("files", () => {
  it("have the key of the entity and the first event", () => {
    expect(arrange([span("a/b", "e\\1")], { prefix: "" })[0]?.fileKey).toMatch(
      /^p\/observation\/a_b_[0-9a-f]{16}\/e_1_[0-9a-f]{16}\.json$/,
    );
    expect(
      arrange([sent("dataset-run-item-create", { id: "i", traceId: "t", datasetId: "d", runId: "r", datasetItemId: "i" })])[0]?.fileKey,
    ).toBe("events/p/dataset_run_item/i/evt-1.json");
  });

  it("of different entities differ, though their first events have one id", () => {
    const groups = arrange([
      span("a", "e"),
      span("b", "e"),
      span("a/", "e"),
      span("a_", "e"),
      sent("trace-create", { id: "a" }, { id: "e" }),
    ]);
    expect(new Set(groups.map(({ fileKey }) => fileKey)).size).toBe(5);
  });

  it("hold both events where two of one entity have one id", () => {
    const [group] = arrange([span("a", "e", { body: { name: "1" } }), span("a", "e", { body: { name: "2" } })]);
    expect(group?.events).toHaveLength(2);
  });

  it("with several events are never replaced by one of these events sent again", () => {
    const [both] = arrange([span("a", "e1"), span("a", "e2", { type: "span-update" })]);
    const [one] = arrange([span("a", "e1")]);
    const [again] = arrange([span("a", "e2", { type: "span-update" }), span("a", "e1")]);
    expect(one?.fileKey).not.toBe(both?.fileKey);
    expect(again?.fileKey).toBe(both?.fileKey);
  });
});

describe("traces, samples and ordering keys", () => {
  it("a trace is its own, an observation's is the first that its events name", () => {
    const [trace] = arrange([sent("trace-create", { id: "t", traceId: "other" })]);
    expect(trace).toMatchObject({ traceId: "t", orderingKey: "p/t" });
    const [observation] = arrange([
      span("o", "e1", { body: { traceId: null } }),
      span("o", "e2", { seconds: 1, body: { traceId: "t2" } }),
      span("o", "e3", { seconds: 2, body: { traceId: "t3" } }),
    ]);
    expect(observation).toMatchObject({ traceId: "t2", orderingKey: "p/t2" });
  });

  it.each([
    [{ traceId: "t" }, "t", "p/t"],
    [{ sessionId: "s" }, undefined, "p/s"],
    [{ datasetRunId: "d" }, undefined, "p/d"],
  ])("a score of %j", (target, traceId, orderingKey) => {
    expect(arrange([sent("score-create", { name: "s", value: 1, ...target })])[0]).toMatchObject({ traceId, orderingKey });
  });

  it("an observation without a trace has the ordering key of the trace that it is by itself", () => {
    const [alone, trace] = arrange([span("o", "e"), sent("trace-create", { id: "o" })]);
    expect(alone).toMatchObject({ traceId: undefined, orderingKey: "p/o", isSampled: true });
    expect(trace).toMatchObject({ traceId: "o", orderingKey: "p/o" });
  });

  it("ordering keys of long ids are bounded, and still one for each id", () => {
    const orderingKeys = ["👩".repeat(400), `${"👩".repeat(399)}xx`].map(
      (id) => arrange([sent("trace-create", { id })])[0]?.orderingKey ?? "",
    );
    for (const orderingKey of orderingKeys) expect(new TextEncoder().encode(orderingKey).length).toBeLessThanOrEqual(1024 + 2);
    expect(orderingKeys[0]).not.toBe(orderingKeys[1]);
  });

  it("everything of a trace is in the sample or out of it together", () => {
    const sampling = new Map([["p", 0.5]]);
    for (let i = 0; i < 50; i++) {
      const groups = arrange(
        [
          sent("trace-create", { id: `t${i}` }),
          span("o1", "e1", { body: { traceId: `t${i}` } }),
          sent("score-create", { name: "s", value: 1, traceId: `t${i}` }, { id: "e2" }),
        ],
        { sampling },
      );
      expect(new Set(groups.map(({ isSampled }) => isSampled)).size).toBe(1);
    }
    expect(arrange([span("o", "e")], { sampling: new Map([["p", 0]]) })[0]?.isSampled).toBe(true);
    expect(arrange([sent("trace-create", { id: "t" })], { sampling: new Map([["p", 0]]) })[0]?.isSampled).toBe(false);
  });
});

describe("what is stored", () => {
  it("is the original itself where nothing has to be taken away", () => {
    const original = span("o", "e", { body: { environment: "prod", input: { a: 1 }, unknown: 5 } });
    expect(arrange([original])[0]?.events[0]).toBe(original);
  });

  it("has no otel from the public, so that no reader of files takes it for ours", () => {
    const original = span("o", "e", { body: { otel: { source: "forged" }, name: "n" } });
    expect(arrange([original], {}, false)[0]?.events).toEqual([span("o", "e", { body: { name: "n" } })]);
    expect(arrange([original], {}, true)[0]?.events).toEqual([original]);
  });

  it("has the environment as it was understood, so that no reader of files takes a public name for an internal one", () => {
    const stored = (environment: string, isInternal: boolean) =>
      arrange([span("o", "e", { body: { environment } })], {}, isInternal)[0]?.events;
    expect(stored("langfuse-X", false)).toEqual([span("o", "e", { body: { environment: "x" } })]);
    expect(stored("langfuse-x", true)).toEqual([span("o", "e", { body: { environment: "langfuse-x" } })]);
  });

  it("parsed again as internal, after JSON, is the event that arrived", () => {
    let checked = 0;
    fc.assert(
      fc.property(fc.array(arriving, { maxLength: 6 }), fc.boolean(), (originals, isInternal) => {
        // As it comes from JSON.parse: no -0, no undefined.
        const sentOnes = (JSON.parse(JSON.stringify(originals)) as unknown[]).flatMap((original) => {
          const result = parseEvent(original, { isInternal });
          return result.ok && result.event !== undefined ? [{ event: result.event, original }] : [];
        });
        const stored = arrangeBatch(sentOnes, options).flatMap(({ events }) => JSON.parse(JSON.stringify(events)) as unknown[]);
        const again = stored.map((original) => parsed(original, true));
        const key = (event: object) => JSON.stringify(event);
        expect(again.map(key).toSorted()).toEqual(sentOnes.map(({ event }) => key(event)).toSorted());
        checked += again.length;
      }),
      { seed, numRuns },
    );
    expect(checked).toBeGreaterThan(numRuns / 2);
  });
});

describe("arranging", () => {
  const batch = fc.uniqueArray(arriving, { selector: ({ id }) => id, maxLength: 10 }).map((originals) =>
    originals.flatMap((original) => {
      const result = parseEvent(original, { isInternal: true });
      return result.ok && result.event !== undefined ? [{ event: result.event, original }] : [];
    }),
  );

  it("gives the same groups in the same order, in whatever order events arrive", () => {
    fc.assert(
      fc.property(
        batch.chain((arrived) => fc.tuple(fc.constant(arrived), fc.shuffledSubarray(arrived, { minLength: arrived.length }))),
        ([arrived, shuffled]) => {
          // Of one instant the order of sending counts.
          fc.pre(new Set(arrived.map(({ event }) => event.timestamp)).size === arrived.length);
          expect(arrangeBatch(shuffled, options)).toEqual(arrangeBatch(arrived, options));
        },
      ),
      { seed, numRuns },
    );
  });

  it("loses no event, puts each into one group, and no two groups into one file", () => {
    fc.assert(
      fc.property(batch, (arrived) => {
        const groups = arrangeBatch(arrived, options);
        expect(groups.flatMap(({ events }) => idsOf(events)).toSorted()).toEqual(arrived.map(({ event }) => event.id).toSorted());
        expect(new Set(groups.map(({ fileKey }) => fileKey)).size).toBe(groups.length);
        for (const { fileKey } of groups) expect(fileKey.split("/")).toHaveLength(5);
      }),
      { seed, numRuns },
    );
  });
});
