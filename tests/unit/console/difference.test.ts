import { describe, expect, it } from "vitest";
import { differences } from "../../../console/src/features/audit/difference.ts";

describe("differences of two JSON values", () => {
  it("are their leaves that are not equal, by path", () => {
    expect(differences({ a: 1, b: { c: [1, 2], d: null } }, { a: 1, b: { c: [1, 3] }, e: "new" })).toEqual([
      { path: "b.c.1", before: "2", after: "3" },
      { path: "e", before: undefined, after: '"new"' },
      { path: "b.d", before: "null", after: undefined },
    ]);
  });

  it("have equal leaves only if they are asked for", () => {
    expect(differences({ a: 1 }, { a: 1 })).toEqual([]);
    expect(differences({ a: 1 }, { a: 1 }, { withEqual: true })).toEqual([{ path: "a", before: "1", after: "1" }]);
  });

  it("of a value that is new or gone are all of its leaves", () => {
    expect(differences(null, { a: {} })).toEqual([{ path: "a", before: undefined, after: "{}" }]);
    expect(differences({ a: [] }, undefined)).toEqual([{ path: "a", before: "[]", after: undefined }]);
  });

  it("end at a depth and a number, whatever is given", () => {
    expect(differences(null, { shallow: true, deep: JSON.parse("[[[[[[[[1]]]]]]]]") })).toHaveLength(2);
    expect(
      differences(
        null,
        Array.from({ length: 5000 }, (_, index) => index),
      ),
    ).toHaveLength(1000);
  });
});
