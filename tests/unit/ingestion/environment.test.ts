import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalizeEnvironment } from "../../../core/ingestion/environment.ts";
import { bodyOf, leastBodies, numRuns, seed } from "./arriving.ts";

describe("environments", () => {
  it.each([
    ["production", "production", "production"],
    ["PROD-1_a", "prod-1_a", "default"],
    ["langfuse", "default", "langfuse"],
    ["langfuse-llm-as-a-judge", "llm-as-a-judge", "langfuse-llm-as-a-judge"],
    ["Langfuse_LANGFUSE-langfuseqa", "qa", "default"],
    ["langfuse-_x", "_x", "langfuse-_x"],
    ["my-langfuse", "my-langfuse", "my-langfuse"],
    ["x".repeat(41), "x".repeat(40), "default"],
    [`langfuse-${"x".repeat(41)}`, "x".repeat(40), "default"],
    ["with space", "default", "default"],
    ["prod\n", "default", "default"],
    ["Ünï", "default", "default"],
    ["", "default", "default"],
    [5, "default", "default"],
    [{}, "default", "default"],
    [null, undefined, undefined],
    [undefined, undefined, undefined],
  ])("%j is %j to the public and %j inside", (given, publicName, internalName) => {
    expect(normalizeEnvironment(given, { isInternal: false })).toBe(publicName);
    expect(normalizeEnvironment(given, { isInternal: true })).toBe(internalName);
  });

  it("are made fit in traces, observations and scores, and never a reason to refuse", () => {
    for (const type of ["trace-create", "event-create", "span-update", "agent-create", "score-create"] as const) {
      expect(bodyOf(type, { ...leastBodies[type], environment: "Langfuse-Prod" })).toMatchObject({ environment: "prod" });
      expect(bodyOf(type, { ...leastBodies[type], environment: ["x"] })).toMatchObject({ environment: "default" });
      expect(bodyOf(type, { ...leastBodies[type], environment: null })).not.toHaveProperty("environment", expect.anything());
      expect(bodyOf(type, { ...leastBodies[type], environment: "langfuse-x" }, true)).toMatchObject({ environment: "langfuse-x" });
    }
    expect(bodyOf("observation-create", { type: "SPAN", environment: "prod" })).not.toHaveProperty("environment");
  });

  it("made fit once are fit, to the public and inside", () => {
    const part = fc.constantFrom("langfuse", "LANGFUSE", "-", "_", "a", " ", "x".repeat(39), "İ");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        const name = normalizeEnvironment(parts.join(""), { isInternal: false });
        expect(name).toMatch(/^(?!langfuse)[a-z0-9_-]{1,40}$/);
        for (const isInternal of [false, true]) expect(normalizeEnvironment(name, { isInternal })).toBe(name);
      }),
      { seed, numRuns },
    );
  });

  it("of millions of reserved words need no recursion", () => {
    expect(normalizeEnvironment(`${"langfuse-".repeat(500_000)}x`, { isInternal: false })).toBe("x");
  });
});
