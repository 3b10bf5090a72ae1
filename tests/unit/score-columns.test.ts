import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contentDisposition, downloadName } from "../../core/exports/object-key.ts";
import { columnBytesMax, foldName, nameScoreColumns, type ScoreName } from "../../core/query/score-columns.ts";

const fixed = ["id", "name", "input", "startTime", "scores"];
const scoreName = (name: string, firstMs: number): ScoreName => ({ name, isNumber: true, levels: "trace", firstMs });
const idsOf = (names: readonly string[]) => Object.fromEntries(nameScoreColumns(names.map(scoreName), fixed));

/** Names that meet: in case, in what is put in front, in hashes of others, in width, too long, broken. */
const name = fc.oneof(
  fc.constantFrom(
    "id",
    "ID",
    "Input",
    "score_input",
    "score_Input",
    "score_score_input",
    "accuracy",
    "Accuracy",
    "ACCURACY",
    "straße",
    "STRASSE",
    "İ",
    "i̇",
    "é",
    "é",
  ),
  fc.constantFrom(
    "",
    "score_",
    "__proto__",
    "=x",
    "'=x",
    "n\u0000l",
    "n\ufffdl",
    "\ud83d",
    "ﬁ",
    "fi",
    ...Object.values(idsOf(["accuracy", "Accuracy"])),
  ),
  fc.string({ maxLength: 3 }),
  fc.string({ unit: "binary", maxLength: 3 }),
  fc.constantFrom("x", "日").chain((c) => fc.integer({ min: 80, max: 260 }).map((n) => c.repeat(n))),
);

describe("columns of scores", () => {
  it("have names that differ from every other without regard to case, short, and storable", () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 40 }), (names) => {
        const ids = [...nameScoreColumns(names.map(scoreName), fixed).values()];
        expect(ids.length).toBe(names.length);
        expect(new Set([...ids, ...fixed].map(foldName)).size).toBe(ids.length + fixed.length);
        expect(new Set([...ids, ...fixed].map((id) => id.toLowerCase())).size).toBe(ids.length + fixed.length);
        for (const id of ids) {
          expect(id).not.toBe("");
          expect(id.isWellFormed() && !id.includes("\u0000")).toBe(true);
          expect(Buffer.byteLength(id)).toBeLessThanOrEqual(columnBytesMax);
        }
      }),
    );
  });

  it("keep their names when later scores appear", () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 30 }), fc.nat(), (names, cut) => {
        const all = names.map(scoreName);
        const before = nameScoreColumns(all.slice(0, cut % names.length), fixed);
        // In any order: what counts is when they were first stored.
        const after = nameScoreColumns(all.toReversed(), fixed);
        for (const [one, id] of before) expect(after.get(one)).toBe(id);
      }),
    );
  });

  it("are as people know them where nothing is in the way", () => {
    expect(idsOf(["quality", "Tone of voice", "input", "", "Accuracy"])).toEqual({
      quality: "quality",
      "Tone of voice": "Tone of voice",
      input: "score_input",
      "": "score_",
      Accuracy: "Accuracy",
    });
    expect(idsOf(["accuracy", "Accuracy"])["Accuracy"]).toMatch(/^Accuracy_[0-9a-f]{8}$/);
  });
});

describe("the name of a download", () => {
  const named = (text: string) => downloadName({ name: text, format: "CSV", compression: "gzip", file: null });
  it("keeps letters of every script, for clients that know filename*", () => {
    expect(named("Отчёт über 日本 / Q3")).toBe("Отчёт-über-日本-Q3.csv.gz");
    expect(contentDisposition("Отчёт-Q3.csv.gz")).toBe(
      "attachment; filename=\"Q3.csv.gz\"; filename*=UTF-8''%D0%9E%D1%82%D1%87%D1%91%D1%82-Q3.csv.gz",
    );
    expect(contentDisposition("日本.csv")).toContain('filename="export.csv"');
    expect(contentDisposition("plain.csv")).toBe('attachment; filename="plain.csv"');
  });

  it("is a header that cannot be broken, and says the name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 200 }), (text) => {
        const fileName = named(text);
        const header = contentDisposition(fileName);
        expect(fileName).not.toMatch(/[/\\\s\p{Cc}"]|^\.|^$/u);
        expect(header).toMatch(/^attachment; filename="[A-Za-z0-9._-]+"(; filename\*=UTF-8''[A-Za-z0-9._%~-]+)?$/);
        const encoded = /''(.*)$/.exec(header)?.[1];
        expect(encoded === undefined ? /"(.*)"/.exec(header)?.[1] : decodeURIComponent(encoded)).toBe(fileName);
      }),
    );
  });
});
