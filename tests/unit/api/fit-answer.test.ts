import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesOf, type Fields, fitAnswer } from "../../../api/routes/mcp/fit-answer.ts";
import { previewRows } from "../../../api/routes/mcp/preview-rows.ts";
import { escapeUntrusted, type Json } from "../../../api/routes/mcp/untrusted-text.ts";

const fields = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4, stringUnit: "binary" })) as fc.Arbitrary<Fields>;

describe("an answer of a tool", () => {
  it("fits its limit, whatever it holds, and is unchanged if it fits anyway", () => {
    fc.assert(
      fc.property(fields, fc.integer({ min: 1500, max: 4000 }), (given, bytesMax) => {
        const fitted = fitAnswer(given, bytesMax);
        expect(bytesOf(fitted)).toBeLessThanOrEqual(bytesMax);
        if (bytesOf(given) <= bytesMax) expect(fitted).toEqual(given);
        else expect(fitted["leftOut"]).toBeDefined();
      }),
    );
  });

  it("keeps the first items of a list whole and says how many are missing", () => {
    const items = Array.from({ length: 50 }, (_, i) => ({ i, text: "x".repeat(40) }));
    const { items: kept, leftOut } = fitAnswer({ id: "1", items }, 1000) as unknown as { items: typeof items; leftOut: string[] };
    expect(kept).toEqual(items.slice(0, kept.length));
    expect(leftOut).toEqual([`items: ${50 - kept.length} of 50 items`]);
  });

  it("loses the largest field where there is no list to cut", () => {
    expect(fitAnswer({ id: "1", query: { big: "x".repeat(5000), small: 1 } }, 500)).toEqual({
      id: "1",
      query: { small: 1 },
      leftOut: ["query.big: 5002 bytes"],
    });
  });
});

/** Fields as someone who sends traces could make them, to keep the API busy. */
const crowds: Record<string, Fields> = {
  "fields of one object": { id: "1", metadata: Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`key-${i}`, `v${i}`])) },
  objects: { id: "1", metadata: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`key-${i}`, { inner: i }])) },
  lists: { id: "1", metadata: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`key-${i}`, [i, i]])) },
  "objects of objects": {
    id: "1",
    metadata: Object.fromEntries(
      Array.from({ length: 90 }, (_, i) => [`key-${i}`, Object.fromEntries(Array.from({ length: 90 }, (_, j) => [`k${j}`, j]))]),
    ),
  },
};

it.each(Object.entries(crowds))("an answer with thousands of %s is cut in few steps", (_, crowd) => {
  let measured = 0;
  const fitted = fitAnswer(crowd, 1200, (answer) => {
    measured++;
    return bytesOf(answer);
  });
  expect(bytesOf(fitted)).toBeLessThanOrEqual(1200);
  expect(fitted["id"]).toBe("1");
  expect(measured).toBeLessThan(200);
});

describe("text of rows", () => {
  it("shows what hides: variation selectors, fillers and blanks that no reader sees", () => {
    const hidden = ["\u{e0141}", "\ufe0e", "\u034f", "\u3164", "\u115f", "\u2800", "\u{e0041}", "\u200b"];
    for (const character of hidden) expect(escapeUntrusted(`a${character}b`)).toMatch(/^a(\\u[0-9a-f]{4}){1,2}b$/);
  });

  it("holds no control, invisible or markup character, and its JSON has the same values", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }) as fc.Arbitrary<Json>, (value) => {
        const json = JSON.stringify(value);
        const escaped = escapeUntrusted(json);
        expect(escaped).not.toMatch(/[\p{Cc}\p{Cf}<>`]|\]\(/u);
        expect(JSON.parse(escaped)).toEqual(JSON.parse(json));
      }),
    );
  });

  it("of a CSV file are the cells by column, with quotes, commas and line breaks inside of them", () => {
    const cell = fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom('a"b', "a,b", "a\r\nb", "a\nb", ""));
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { maxLength: 5 }), fc.boolean(), (rows, hasMark) => {
        const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const lines = [["one", "two"], ...rows].map((row) => `${row.map(quote).join(",")}\r\n`).join("");
        const found = previewRows({ format: "CSV", content: `${hasMark ? "\ufeff" : ""}${lines}`, rows: null });
        expect(found.map((row) => JSON.parse(row) as unknown)).toEqual(rows.map(([one, two]) => ({ one, two })));
      }),
    );
  });
});
