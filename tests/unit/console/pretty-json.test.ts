import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { prettyJson } from "../../../console/src/features/webhooks/pretty-json.ts";

describe("indented JSON", () => {
  it("is what JSON.stringify would write, for every value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(prettyJson(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
      }),
    );
  });

  it("keeps digits that no number holds, and text that is no JSON", () => {
    expect(prettyJson('{"id":12345678901234567890,"x":1.10}')).toBe('{\n  "id": 12345678901234567890,\n  "x": 1.10\n}');
    for (const text of ["", "<html>{}</html>", '{"a":', "queue is full"]) expect(prettyJson(text)).toBe(text);
  });
});
