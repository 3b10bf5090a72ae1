import { describe, expect, it } from "vitest";
import { matchScore } from "../../../console/src/app/match-score.ts";

describe("the palette", () => {
  it("finds letters in order, and nothing else", () => {
    expect(matchScore("Go to Exports", "exp")).toBeGreaterThan(0);
    expect(matchScore("Go to Exports", "gx")).toBeGreaterThan(0);
    expect(matchScore("Go to Exports", "xg")).toBe(0);
  });
  it("prefers beginnings of words and letters that stand together", () => {
    expect(matchScore("Dark theme", "dark")).toBeGreaterThan(matchScore("Go to a dashboard: remarks", "dark"));
  });
  it("finds everything while nothing is typed", () => {
    expect(matchScore("Anything", "")).toBeGreaterThan(0);
  });
});
