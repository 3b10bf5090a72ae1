import { describe, expect, it } from "vitest";
import { bytesText, countText, durationText } from "../../../console/src/components/quantity.ts";

describe("counts", () => {
  it("are exact, also beyond what a number holds", () => {
    expect(countText(1_234_567)).toBe("1,234,567");
    expect(countText("18446744073709551615")).toBe("18,446,744,073,709,551,615");
    expect(countText("0.10")).toBe("0.10");
  });
});

describe("bytes", () => {
  it.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [1000, "1 kB"],
    [1_234_567, "1.23 MB"],
    [59_900_000_000, "59.9 GB"],
    [2e18, "2,000 PB"],
  ])("%d are %s", (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });
});

describe("durations", () => {
  it.each([
    [0.0004, "0 ms"],
    [0.85, "850 ms"],
    [4.21, "4.2 s"],
    [59.96, "1 min"],
    [200, "3 min 20 s"],
    [3600, "1 h"],
    [7500, "2 h 5 min"],
    [90_000, "1 d 1 h"],
  ])("%d s are %s", (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });
});
