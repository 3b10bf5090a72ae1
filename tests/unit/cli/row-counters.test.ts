/** Rows are counted in files in pieces of any size as parsers of other projects count them; events keep their text when a document is taken apart. */
import { parse as parseCsv } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { elementTexts } from "../../../cli/user/ingest/element-texts.ts";
import { printable } from "../../../cli/user/output/printable.ts";
import { csvRows, jsonlRows, jsonRows, type RowCounter } from "../../../cli/user/verify/row-counters.ts";

const count = (counter: RowCounter, text: string, pieceBytes: number): number | string => {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) counter.add(bytes.subarray(at, at + pieceBytes));
  return counter.end();
};
const piece = fc.integer({ min: 1, max: 9 });
const csvCell = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", "é") }).map((cell) => `"${cell.replaceAll('"', '""')}"`);

describe("rows", () => {
  it("of CSV are the records behind the header, whatever cells hold", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(csvCell, csvCell), { minLength: 1 }), piece, (rows, size) => {
        const text = rows.map((row) => `${row.join(",")}\r\n`).join("");
        expect(count(csvRows(), text, size)).toBe((parseCsv(text) as unknown[]).length - 1);
      }),
    );
  });

  it("of JSON are the elements of the array, and those of JSONL its lines", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.constantFrom(0, 1, 3), piece, (rows, indent, size) => {
        expect(count(jsonRows(), `${JSON.stringify(rows, null, indent)}\n`, size)).toBe(rows.length);
        expect(count(jsonlRows(), rows.map((row) => `${JSON.stringify(row)}\n`).join(""), size)).toBe(rows.length);
      }),
    );
  });

  it.each<[string, () => RowCounter, string]>([
    ["[1,2", jsonRows, "The array is not closed."],
    ["", jsonRows, "The array is not closed."],
    ["{}", jsonRows, "It is no JSON array."],
    ["[1] [2]", jsonRows, "It is no JSON array."],
    ["{}\n{", jsonlRows, "The last line has no end."],
    ['a\r\n"b', csvRows, "A quote is not closed."],
    ["a\r\nb", csvRows, "The last line has no end."],
  ])("%j cut off are told from whole ones", (text, counter, sentence) => {
    expect(count(counter(), text, 3)).toBe(sentence);
  });
});

describe("the elements of a document", () => {
  it("are those that a parser finds, of an array and of a batch", () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue()),
        fc.constantFrom(0, 1, 4),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (elements, indent, others) => {
          const parsed = (text: string) => elementTexts(text)?.map((one): unknown => JSON.parse(one));
          const same = JSON.parse(JSON.stringify(elements)) as unknown[];
          expect(parsed(JSON.stringify(elements, null, indent))).toEqual(same);
          expect(parsed(JSON.stringify({ ...others, batch: elements }, null, indent))).toEqual(same);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("keep the digits of their numbers", () => {
    expect(elementTexts('{"batch": [ {"n":1234567890123456789.10} , 1e400 ], "metadata": {"batch": [1]}}')).toEqual([
      '{"n":1234567890123456789.10}',
      "1e400",
    ]);
  });

  it("are none in a document without a batch", () => {
    expect([
      elementTexts('{"id": 1, "body": {"batch": []}}'),
      elementTexts('"batch"'),
      elementTexts('{"batch": 1}'),
      elementTexts("{}"),
    ]).toEqual([undefined, undefined, undefined, undefined]);
  });
});

it("text of others does not steer the terminal", () => {
  expect(printable("a\u001b[2Jb\u202ec\r\nd\u0007")).toBe("a\ufffd[2Jb\ufffdc d\ufffd");
});
