import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { isInSample, parseSampledProjects } from "../../../core/ingestion/sampling.ts";

const sha256Hex = (text: string): string => createHash("sha256").update(text).digest("hex");
const isIn = (traceId: string | undefined, rate: number, hash = sha256Hex) =>
  isInSample({ projectId: "p", traceId }, new Map([["p", rate]]), hash);

describe("the setting of sampled projects", () => {
  it.each<[string, [string, number][]]>([
    ["", []],
    [" , ", []],
    ["p:0.5", [["p", 0.5]]],
    [
      "p:0, q : 1,r:.25,",
      [
        ["p", 0],
        ["q", 1],
        ["r", 0.25],
      ],
    ],
    ["urn:p:0.5", [["urn:p", 0.5]]],
  ])("%j is read", (text, rates) => {
    expect(parseSampledProjects(text)).toEqual({ ok: true, rates: new Map(rates) });
  });

  it.each(["p", "p:", ":0.5", "p:1.5", "p:-1", "p:x", "p:NaN", "p:0x1", " :0.5", "p:1e-1"])(
    "%j is a problem, named by position",
    (text) => {
      expect(parseSampledProjects(`a:1,${text}`)).toEqual({
        ok: false,
        problem: "entry 2 is not project:rate with a rate from 0 to 1",
      });
    },
  );

  it("names no project twice", () => {
    expect(parseSampledProjects("p:0,p:1")).toEqual({ ok: false, problem: "entry 2 names a project a second time" });
  });
});

describe("sampling", () => {
  it("compares the first 32 bits of the hash of the trace id with the rate", () => {
    // SHA-256 of "abc" begins with ba7816bf.
    const share = 0xba7816bf / 0xffffffff;
    expect(isIn("abc", share)).toBe(false);
    expect(isIn("abc", share + 1e-9)).toBe(true);
  });

  it("keeps everything at 1, the greatest hash included, and nothing at 0", () => {
    expect(isIn("t", 1, () => "f".repeat(64))).toBe(true);
    expect(isIn("t", 0, () => "0".repeat(64))).toBe(false);
  });

  it("keeps what has no trace, and projects that are not named", () => {
    expect(isIn(undefined, 0)).toBe(true);
    expect(isInSample({ projectId: "other", traceId: "t" }, new Map([["p", 0]]), sha256Hex)).toBe(true);
  });

  it("keeps about the share it says", () => {
    const kept = Array.from({ length: 10_000 }, (_, i) => isIn(`trace-${i}`, 0.3)).filter(Boolean).length;
    expect(kept).toBeGreaterThan(2800);
    expect(kept).toBeLessThan(3200);
  });
});
