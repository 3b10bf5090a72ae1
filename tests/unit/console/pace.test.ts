import { describe, expect, it } from "vitest";
import { leftText, nextPace, type Pace, secondsLeft } from "../../../console/src/features/exports/pace.ts";

const seen = (atMs: number, rows: number) => ({ atMs, rows, bytes: rows * 100 });
const after = (...looks: { atMs: number; rows: number; bytes: number }[]): Pace | undefined =>
  looks.reduce<Pace | undefined>((pace, look) => nextPace(pace, look), undefined);

describe("the pace of an export", () => {
  it("is unknown after one look, and the first rate between two", () => {
    expect(after(seen(0, 0))).toMatchObject({ rowsPerSecond: null });
    expect(after(seen(0, 0), seen(2000, 1000))).toMatchObject({ rowsPerSecond: 500, bytesPerSecond: 50_000 });
  });

  it("is taken between changes: looks that show nothing new change nothing", () => {
    const once = after(seen(0, 0), seen(4000, 1000));
    expect(after(seen(0, 0), seen(1000, 0), seen(2000, 0), seen(4000, 1000))).toEqual(once);
    expect(after(seen(0, 0), seen(4000, 1000), seen(5000, 1000))).toEqual(once);
  });

  it("follows a change of speed within seconds, and not at once", () => {
    const steady = after(seen(0, 0), seen(1000, 100));
    const faster = nextPace(steady, seen(2000, 1100));
    expect(faster.rowsPerSecond).toBeGreaterThan(100);
    expect(faster.rowsPerSecond).toBeLessThan(300);
    let pace = faster;
    for (let at = 3; at <= 40; at++) pace = nextPace(pace, seen(at * 1000, 100 + (at - 1) * 1000));
    expect(pace.rowsPerSecond).toBeGreaterThan(950);
  });

  it("begins anew where a new attempt has fewer rows", () => {
    expect(after(seen(0, 0), seen(1000, 500), seen(2000, 10))).toMatchObject({ rows: 10, rowsPerSecond: null });
  });
});

describe("the time left", () => {
  const pace = after(seen(0, 0), seen(1000, 100));
  it("counts down between looks and is never negative", () => {
    expect(secondsLeft(pace, 1100, 1000)).toBe(10);
    expect(secondsLeft(pace, 1100, 4000)).toBe(7);
    expect(secondsLeft(pace, 1100, 90_000)).toBe(0);
  });
  it("is unknown without a total or a pace", () => {
    expect(secondsLeft(pace, null, 1000)).toBeNull();
    expect(secondsLeft(after(seen(0, 0)), 1100, 1000)).toBeNull();
    expect(secondsLeft(undefined, 1100, 1000)).toBeNull();
  });
  it.each([
    [0, "under 5 s left"],
    [12, "about 15 s left"],
    [58, "about 1 min left"],
    [170, "about 3 min left"],
    [7200, "about 2 h left"],
  ])("of %d s is %s", (seconds, text) => {
    expect(leftText(seconds)).toBe(text);
  });
});
