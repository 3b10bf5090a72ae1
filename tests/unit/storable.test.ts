import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { storableForm, storableJson } from "../../core/storable.ts";

describe("JSON for Postgres", () => {
  it.each([
    [{ a: "x\u0000y" }, '{"a":"x\ufffdy"}'],
    [{ "k\u0000": ["\ud800", "\udfff!"] }, '{"k\ufffd":["\ufffd","\ufffd!"]}'],
    ["\\u0000", '"\\\\u0000"'],
    ["\\\u0000", '"\\\\\ufffd"'],
    ["😀 \\ud83d", '"😀 \\\\ud83d"'],
  ])("%j", (value, expected) => {
    expect(storableJson(value)).toBe(expected);
  });

  it("is the JSON of the storable form of every text", () => {
    const text = fc.string({ unit: "binary", maxLength: 30 });
    fc.assert(
      fc.property(text, fc.array(text), (key, items) => {
        const lone = [...items, "\ud800\\u0000\u0000"];
        expect(JSON.parse(storableJson({ [key]: lone }))).toEqual({ [storableForm(key)]: lone.map(storableForm) });
      }),
      { seed: 20261128, numRuns: 100 },
    );
  });
});
