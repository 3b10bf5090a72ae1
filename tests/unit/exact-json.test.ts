import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../core/canonical-json.ts";
import { isExactNumber, parseExactJson, parsePythonJson, plainNumber, plainNumbers } from "../../core/exact-json.ts";
import type { Json } from "../../core/ingestion/event.ts";
import { mergeMetadata, metadataMap } from "../../core/ingestion/merge/merge-metadata.ts";
import { isNestedBeyond } from "../../core/ingestion/nesting.ts";
import { isRecord } from "../../core/is-record.ts";
import { numberSpelling, spelledJson } from "../support/number-spellings.ts";

const seed = Number(process.env["EXACT_JSON_SEED"] ?? 20261128);
const numRuns = Number(process.env["EXACT_JSON_RUNS"] ?? 2000);

const again = (text: string): string => JSON.stringify(parseExactJson(text));
const parsed = (text: string): Json => parseExactJson(text) as Json;

describe("parsing JSON exactly", () => {
  it("gives back every number as it was written, wherever it stands", () => {
    fc.assert(
      fc.property(spelledJson, ({ text, compact }) => {
        expect(again(text)).toBe(compact);
      }),
      { seed, numRuns },
    );
  });

  it("gives what JSON.parse gives, once its numbers are plain", () => {
    fc.assert(
      fc.property(spelledJson, ({ text }) => {
        expect(plainNumbers(parseExactJson(text))).toEqual(JSON.parse(text));
      }),
      { seed, numRuns },
    );
  });

  it("takes what JSON.parse takes and refuses what it refuses", () => {
    const outcome = (parse: (text: string) => unknown, text: string): unknown => {
      try {
        return plainNumbers(parse(text));
      } catch (error) {
        return error instanceof SyntaxError ? "refused" : error;
      }
    };
    const broken = fc
      .tuple(spelledJson, fc.nat(), fc.nat(3), fc.constantFrom("", "-", "+", "0", ".", "e", "1e400", '"', "\\", ",", "x", "[", "}", " "))
      .map(([{ text }, at, cut, put]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + put + text.slice(place + cut);
      });
    fc.assert(
      fc.property(broken, (text) => {
        expect(outcome(parseExactJson, text)).toEqual(outcome(JSON.parse, text));
      }),
      { seed, numRuns: 2 * numRuns },
    );
  });

  it.each([
    ["01234567890123456789"],
    ["[1234567890123456789abc]"],
    ["[--1234567890123456789]"],
    ["[1.0.0]"],
    ["[1e400e1]"],
    ["[.10000000000000000]"],
    ["[1234567890123456789.]"],
    ['{"a":1.0'],
    ['"1.0'],
    ["[+1.0]"],
    [""],
  ])("refuses %s", (text) => expect(() => parseExactJson(text)).toThrow(SyntaxError));

  it.each(["0", "7", "-7", "0.1", "1.5", "9007199254740991", "0.30000000000000004", "1e+21", "5e-324", "1.7976931348623157e+308"])(
    "%s, which JavaScript prints as it stands, is a number",
    (text) => {
      expect(parseExactJson(text)).toBe(Number(text));
      expect(parseExactJson(`[1.0,${text}]`)).toEqual([expect.anything(), Number(text)]);
    },
  );

  it.each([
    ["-0", -0],
    ["1.0", 1],
    ["1e5", 100_000],
    ["9007199254740993", 9007199254740992],
    ["7".repeat(400), Number.POSITIVE_INFINITY],
    ["-1e999999", Number.NEGATIVE_INFINITY],
    ["0.1e-400", 0],
    ["1000000000000000000000", 1e21],
    ["-1e300", -1e300],
    ["-17e307", -1.7e308],
  ])("%s is exact, and its double is %d", (text, double) => {
    const value = parseExactJson(text);
    expect(isExactNumber(value) || value === double).toBe(true);
    expect(plainNumber(value)).toBe(double);
    expect(again(text)).toBe(text);
    expect(again(`[${text},${text}]`)).toBe(`[${text},${text}]`);
  });

  it("no object, list or text that is sent passes for a number", () => {
    const [object, list, text, mark] = parseExactJson('[{"rawJSON":"1.0"},["1.0"],"-1e300",1.0]') as unknown[];
    expect([object, list, text].map(isExactNumber)).toEqual([false, false, false]);
    expect(isExactNumber(mark)).toBe(true);
    expect(again('[{"rawJSON":"],injected["},1.0]')).toBe('[{"rawJSON":"],injected["},1.0]');
    expect(again("[-1e300,-2e300,1.0,-1e+300,-3e300]")).toBe("[-1e300,-2e300,1.0,-1e+300,-3e300]");
  });

  it("of two fields of one name the later one counts, and numbers as keys go first, as JSON.parse has it", () => {
    expect(again('{"a":1.0,"b":[2.0],"a":3.0,"7":4.0,"b":5}')).toBe('{"7":4.0,"a":3.0,"b":5}');
  });

  it("a field `__proto__` is one like any other", () => {
    expect(again('{"__proto__":1.0,"a":{"__proto__":{"b":2.0}}}')).toBe('{"__proto__":1.0,"a":{"__proto__":{"b":2.0}}}');
    expect(Object.getPrototypeOf(parseExactJson('{"__proto__":1.0}'))).toBe(Object.prototype);
  });

  it.each([10_000, 100_000])("takes %i levels of lists and of objects", (levels) => {
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
    ] as const) {
      let value = parseExactJson(`${open.repeat(levels)}12345678901234567890${close.repeat(levels)}`);
      while (typeof value === "object" && value !== null && !isExactNumber(value)) value = Object.values(value)[0];
      expect(JSON.stringify(value)).toBe("12345678901234567890");
    }
  });

  it("takes more numbers than it makes once for all", () => {
    const text = `[${Array.from({ length: 5000 }, (_, i) => `${i % 3000}.0`).join(",")}]`;
    expect(again(text)).toBe(text);
  });
});

describe("an exact number", () => {
  const exact = parsed("1234567890123456789");

  it("is no object to those who look into objects", () => {
    expect(isRecord(exact)).toBe(false);
    expect(isNestedBeyond([exact], 1)).toBe(false);
    expect(canonicalJson({ b: exact, a: parsed("[0.10]") })).toBe('{"a":[0.10],"b":1234567890123456789}');
  });

  it("is a value like any other when metadata is merged", () => {
    expect(metadataMap(exact)).toEqual({ metadata: "1234567890123456789" });
    const merged = mergeMetadata([parsed('{"id":{"a":1},"n":{"x":1.0}}'), parsed('{"id":1234567890123456789,"n":{"y":[-0]}}')]);
    expect(metadataMap(merged)).toEqual({ id: "1234567890123456789", n: '{"x":1.0,"y":[-0]}' });
    expect(metadataMap(mergeMetadata([exact, parsed('{"a":2.50}')]))).toEqual({ metadata: "1234567890123456789", a: "2.50" });
  });

  it("is the double nearest to it where a double is asked for", () => {
    fc.assert(
      fc.property(numberSpelling, (text) => {
        expect(plainNumber(parseExactJson(text))).toBe(Number(text));
      }),
      { seed, numRuns },
    );
  });
});

describe("the JSON of Python", () => {
  it.each<[string, unknown]>([
    ["NaN", "NaN"],
    ['{"a":NaN,"b":-Infinity,"c":[Infinity, NaN]}', { a: "NaN", b: "-Infinity", c: ["Infinity", "NaN"] }],
    ['{"NaN":"is NaN, or Infinity","quote":"\\"NaN","x":NaN}', { NaN: "is NaN, or Infinity", quote: '"NaN', x: "NaN" }],
    ['{"a":1}', { a: 1 }],
  ])("%s gives its numbers that JSON lacks as texts", (text, value) => {
    expect(parsePythonJson(text)).toEqual(value);
  });

  it("keeps the digits of the other numbers", () => {
    expect(JSON.stringify(parsePythonJson('{"id":1234567890123456789,"x":NaN}'))).toBe('{"id":1234567890123456789,"x":"NaN"}');
  });

  it.each(["", "{", "nan", "NaNs", "[Infinity", "{NaN:1}x", "1NaN", "-", '"NaN', "[1.NaN]"])("%j is refused", (text) => {
    expect(() => parsePythonJson(text)).toThrow(SyntaxError);
  });

  it("takes no longer for a text of many numbers and quotes", () => {
    const text = `[${'"a",NaN,'.repeat(200_000)}1]`;
    expect(parsePythonJson(text)).toHaveLength(400_001);
  });
});
