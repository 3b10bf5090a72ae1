/** How values of others are shown: nothing hidden stays hidden, and no digit is lost. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entriesOf, type JsonPart, jsonRoot, sourceOf, stringOf } from "../../../console/src/components/json-source.ts";
import { countText } from "../../../console/src/components/quantity.ts";
import { escapeHidden, hidesSomething, visibleLine, visibleText } from "../../../console/src/components/visible-text.ts";
import { digitsText } from "../../../console/src/features/tables/value-text.ts";
import { growthMax, growthOf } from "../../support/growth.ts";

describe("hidden characters", () => {
  it.each([
    ["\0", "⟨U+0000⟩"],
    ["\u001b[31m", "⟨U+001B⟩[31m"],
    ["a\u202eb", "a⟨U+202E⟩b"],
    ["a\u200bb", "a⟨U+200B⟩b"],
    ["\u{e0041}", "⟨U+E0041⟩"],
    ["a\rb", "a⟨U+000D⟩b"],
    ["a\r\nb\tc", "a\r\nb\tc"],
    ["👩‍🚀 é", "👩‍🚀 é"],
  ])("%j is shown as %j", (text, shown) => {
    expect(visibleText(text)).toBe(shown);
  });

  it("are marked on one line, too, where line breaks are signs", () => {
    expect(visibleLine("a\nb\tc\u0007")).toBe("a↵ b⇥ c⟨U+0007⟩");
  });

  it("never survive, and never change what JSON means", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(hidesSomething(visibleText(text))).toBe(false);
        const json = escapeHidden(JSON.stringify(text));
        expect(hidesSomething(json)).toBe(false);
        expect(JSON.parse(json)).toBe(text);
      }),
    );
  });
});

/** The value of a part, read through its entries. */
const readPart = (text: string, part: JsonPart): unknown => {
  if (part.kind === "string") return stringOf(text, part);
  if (part.kind === "array") return entriesOf(text, part).map((entry) => readPart(text, entry.part));
  if (part.kind !== "object") return JSON.parse(sourceOf(text, part));
  return Object.fromEntries(entriesOf(text, part).map((entry) => [entry.key, readPart(text, entry.part)]));
};

describe("JSON as it was written", () => {
  it("has the values that a parser finds", () => {
    const documents = fc.tuple(
      fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue())),
      fc.constantFrom(undefined, 2),
    );
    fc.assert(
      fc.property(documents, ([value, indent]) => {
        const text = JSON.stringify(value, null, indent);
        const root = jsonRoot(text);
        expect(root && readPart(text, root)).toEqual(JSON.parse(text));
      }),
    );
  });

  it("keeps digits, keys that appear twice, and their order", () => {
    const text = '{"b": 12345678901234567890.10, "2": 1, "b": -0, "1": 1e400}';
    const root = jsonRoot(text);
    if (root === undefined) return expect.unreachable();
    expect(entriesOf(text, root).map(({ key, part }) => [key, sourceOf(text, part)])).toEqual([
      ["b", "12345678901234567890.10"],
      ["2", "1"],
      ["b", "-0"],
      ["1", "1e400"],
    ]);
  });

  it.each(["", "text", "12", '"quoted"', "{'a': 1}", "[1,]", "{} {}", "null", `${"[".repeat(200_000)}`])("%j is text", (text) => {
    expect(jsonRoot(text)).toBeUndefined();
  });

  it("of a megabyte in one level is read in one go", () => {
    const textOf = (size: number) => JSON.stringify(Array.from({ length: size }, (_, i) => `value ${i}`));
    const entries = (text: string) => {
      const root = jsonRoot(text);
      return root && entriesOf(text, root);
    };
    const count = 102_400;
    expect(entries(textOf(count))).toHaveLength(count);
    expect(growthOf(count, textOf, entries)).toBeLessThan(growthMax);
  });
});

describe("numbers", () => {
  it("keep all of their digits", () => {
    expect(digitsText("0.001041000000", "USD")).toBe("$0.001041");
    expect(digitsText("-12345678901234567890.120", "USD")).toBe("-$12345678901234567890.12");
    expect(digitsText("100", null)).toBe("100");
    expect(digitsText("1.0", null)).toBe("1");
    expect(digitsText("1e-7", null)).toBe("1e-7");
    expect(digitsText("NaN", null)).toBe("NaN");
    expect(countText("9007199254740993")).toBe("9,007,199,254,740,993");
  });
});
