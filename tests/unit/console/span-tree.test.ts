/** The tree of a trace: whatever parents its spans name, each is there once, and 10,000 are no burden. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { barOf, extentOf, microsOf, type Span, spanLines } from "../../../console/src/features/tables/span-tree.ts";
import { growthMax, growthOf } from "../../support/growth.ts";

const span = (id: string, parentId: string | null, second = 0): Span => ({
  id,
  parentId,
  name: id,
  type: "SPAN",
  level: "DEFAULT",
  startTime: new Date(second * 1000).toISOString(),
  endTime: new Date((second + 1) * 1000).toISOString(),
});

const shape = (spans: readonly Span[], closed: readonly string[] = []) =>
  spanLines(spans, new Set(closed)).map(({ span: { id }, depth }) => `${"-".repeat(depth)}${id}`);

describe("the lines of a trace", () => {
  it("are its spans below their parents, by time", () => {
    expect(shape([span("c", "a", 2), span("b", "a", 1), span("d", "b", 3), span("a", null)])).toEqual(["a", "-b", "--d", "-c"]);
  });

  it("hide what is below a closed span", () => {
    expect(shape([span("a", null), span("b", "a", 1), span("c", "b", 2), span("d", null, 3)], ["a"])).toEqual(["a", "d"]);
  });

  it("begin anew where a parent is missing, and cut a circle at its first span", () => {
    expect(shape([span("a", "gone"), span("b", "b", 1), span("c", "d", 2), span("d", "c", 3), span("e", "d", 4)])).toEqual([
      "a",
      "b",
      "c",
      "-d",
      "--e",
    ]);
  });

  it("show each span once, whatever its parent is said to be", () => {
    const ids = fc.integer({ min: 0, max: 30 }).map(String);
    fc.assert(
      fc.property(fc.array(fc.tuple(ids, fc.option(ids), fc.nat(9))), (given) => {
        const spans = given.map(([id, parentId, second]) => span(id, parentId, second));
        const lines = spanLines(spans, new Set());
        expect(lines.map((line) => line.span.id).toSorted()).toEqual([...new Set(spans.map(({ id }) => id))].toSorted());
      }),
    );
  });

  it("of 20,000 spans in one chain, and of 20,000 side by side, take their time once for each span", () => {
    const count = 20_000;
    const chain = (size: number) => Array.from({ length: size }, (_, i) => span(String(i), i === 0 ? null : String(i - 1), i));
    const fan = (size: number) => Array.from({ length: size }, (_, i) => span(String(i), i === 0 ? null : "0", i));
    expect(spanLines(chain(count), new Set()).at(-1)?.depth).toBe(count - 1);
    expect(spanLines(fan(count), new Set())).toHaveLength(count);
    for (const make of [chain, fan]) expect(growthOf(count, make, (spans) => spanLines(spans, new Set()))).toBeLessThan(growthMax);
  });
});

describe("the bar of a span", () => {
  it("has its place and width in percent of the trace, by the microsecond", () => {
    const all = [span("a", null, 0), span("b", null, 3)];
    expect(barOf(all[1] as Span, extentOf(all))).toEqual({ left: 75, width: 25 });
    expect(microsOf("1970-01-01T00:00:00.000123Z")).toBe(123);
    expect(microsOf("1970-01-01T00:00:01Z")).toBe(1_000_000);
  });

  it("is seen though the span took no time or has not ended, and stays inside", () => {
    const instant = { ...span("a", null), endTime: null };
    expect(barOf(instant, extentOf([instant]))).toEqual({ left: 0, width: 0.5 });
    const early = { ...span("b", null, 5), endTime: new Date(0).toISOString() };
    const { left, width } = barOf(early, extentOf([early, span("c", null)]));
    expect(left + width).toBeLessThanOrEqual(100);
  });
});
