/** Privacy rules inside documents, on the real ClickHouse: what a rule names never leaves, and in ordinary documents nothing else changes. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { externalTable } from "../../core/query/external-table.ts";
import { hideInJson, hideInMap } from "../../core/query/privacy/hide-paths.ts";
import { type PathStep, type PrivacyAction, parsePath } from "../../core/query/privacy/privacy.ts";
import { addMapRule, addRule, emptyTree } from "../../core/query/privacy/privacy-tree.ts";
import { createClickHouseDatabase } from "../support/clickhouse-database.ts";
import { type ExactJson, parseExact } from "../support/exact-json.ts";
import { hostileDocument, ordinaryDocument, randomPath, secretsIn } from "../support/hostile-documents.ts";
import { randomFrom } from "../support/random-from.ts";

let database: Awaited<ReturnType<typeof createClickHouseDatabase>>;
beforeAll(async () => {
  database = await createClickHouseDatabase();
});
afterAll(() => database.drop());

type Rule = { steps: readonly PathStep[]; action: PrivacyAction };
type Left = { text: string; notJson: number; otherShape: number };

const binder = () => {
  const params: Record<string, unknown> = {};
  return {
    params,
    bind: (type: string, value: unknown) => {
      const name = `c${Object.keys(params).length}`;
      params[name] = value;
      return `{${name}:${type}}`;
    },
  };
};

/** What leaves of each document under these rules. */
const applied = async (rules: readonly Rule[], documents: readonly Uint8Array[], inMap = false): Promise<Left[]> => {
  const tree = emptyTree();
  const { params, bind } = binder();
  for (const { steps, action } of rules) (inMap ? addMapRule : addRule)(tree, inMap ? [{ key: "doc" }, ...steps] : steps, action);
  const hidden = inMap
    ? hideInMap("map('doc', d.x, 'other', 'kept')", tree, bind)
    : hideInJson("d.x", tree, { bind, nullable: false, isDocument: false });
  const rows = await database.clickhouse.queryRows<{ hex: string; notJson: number; otherShape: number }>({
    sql: `SELECT hex(${inMap ? `arrayStringConcat(mapValues(${hidden.sql}), '|')` : hidden.sql}) AS hex, toUInt8(${hidden.withheld.notJson}) AS notJson, toUInt8(${hidden.withheld.otherShape}) AS otherShape
      FROM (SELECT i, unhex(bytes) AS x FROM documents) AS d ORDER BY i`,
    params: {
      ...params,
      hashKey0: "1",
      hashKey1: "2",
      documents: externalTable(
        "i UInt32, bytes String",
        documents.map((bytes, i) => ({ i, bytes: Buffer.from(bytes).toString("hex") })),
      ),
    },
  });
  return rows.map(({ hex, ...more }) => ({ text: Buffer.from(hex, "hex").toString("latin1"), ...more }));
};

/** Parts of a parsed document that a rule names, or that have another shape than it says. */
const namedBy = (value: ExactJson, steps: readonly PathStep[]): ExactJson[] => {
  const [step, ...rest] = steps;
  if (step === undefined) return [value];
  if ("word" in value && value.word === "null") return [];
  if (Array.isArray(value)) return value.length === 0 ? [] : step === "each" ? value.flatMap((one) => namedBy(one, rest)) : [value];
  if ("entries" in value)
    return value.entries.length === 0
      ? []
      : step === "each"
        ? [value]
        : value.entries.flatMap(([key, one]) => (key === step.key ? namedBy(one, rest) : []));
  return [value];
};

/** The secrets that must not leave: those that a rule names, and all of a document that nobody can say what it is. */
const forbiddenIn = (bytes: Uint8Array, steps: readonly PathStep[]): string[] => {
  const all = secretsIn(Buffer.from(bytes).toString("latin1").replaceAll("\u0000", ""));
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return all;
  }
  const parsed = parseExact(text);
  return parsed === undefined ? all : namedBy(parsed, steps).flatMap((named) => secretsIn(JSON.stringify(named)));
};

const actions = ["mask", "hash", "drop"] as const;
const seeds = fc.record({ seed: fc.integer(), action: fc.constantFrom(...actions), inMap: fc.boolean() });

describe("a planted secret", () => {
  it("never leaves, whatever surrounds it", async () => {
    let planted = 0;
    let parsed = 0;
    await fc.assert(
      fc.asyncProperty(seeds, async ({ seed, action, inMap }) => {
        const random = randomFrom(seed);
        const steps = randomPath(random);
        const documents = Array.from({ length: 600 }, () => hostileDocument(random, steps)).filter((bytes) => bytes.length > 0);
        const left = await applied([{ steps, action }], documents, inMap);
        expect(left.length).toBe(documents.length);
        for (const [i, { text, notJson, otherShape }] of left.entries()) {
          const bytes = documents[i] ?? new Uint8Array();
          const forbidden = forbiddenIn(bytes, steps);
          if (forbidden.length === 0) continue;
          planted++;
          if (notJson === 0 && otherShape === 0) parsed++;
          const found = secretsIn(text.replaceAll("\u0000", "")).filter((one) => forbidden.includes(one));
          expect({ found, steps }, Buffer.from(bytes).toString("latin1")).toEqual({ found: [], steps });
        }
      }),
      { numRuns: 40 },
    );
    // Both ways are walked: rules that are applied, and fields that are withheld.
    expect(planted).toBeGreaterThan(10_000);
    expect(parsed).toBeGreaterThan(1000);
  });
});

/** The document after a mask or a drop, as the reader of the file is to see it. */
const expectedAfter = (value: ExactJson, steps: readonly PathStep[], action: "mask" | "drop"): ExactJson => {
  const [step, ...rest] = steps;
  if (step === undefined) return { text: "[masked]" };
  const isDropped = action === "drop" && rest.length === 0;
  if (Array.isArray(value)) return isDropped ? [] : value.map((one) => expectedAfter(one, rest, action));
  if (!("entries" in value) || step === "each") return value;
  const isNamed = (key: string) => key === step.key;
  return {
    entries: value.entries
      .filter(([key]) => !(isDropped && isNamed(key)))
      .map(([key, one]): [string, ExactJson] => [key, isNamed(key) ? expectedAfter(one, rest, action) : one]),
  };
};

describe("an ordinary document", () => {
  it("keeps everything but the named place, to the last digit", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.constantFrom("mask", "drop"), async (seed, action) => {
        const random = randomFrom(seed);
        const steps = randomPath(random);
        const documents = Array.from({ length: 300 }, () => ordinaryDocument(random, steps));
        const left = await applied(
          [{ steps, action }],
          documents.map((text) => Buffer.from(text)),
        );
        for (const [i, { text, notJson, otherShape }] of left.entries()) {
          const before = parseExact(documents[i] ?? "");
          if (before === undefined) throw new Error(`no JSON: ${documents[i]}`);
          expect({ notJson, otherShape }, documents[i]).toEqual({ notJson: 0, otherShape: 0 });
          expect(parseExact(Buffer.from(text, "latin1").toString("utf8")), documents[i]).toEqual(expectedAfter(before, steps, action));
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe("the rule input.messages[*].content", () => {
  const steps = parsePath("input.messages[*].content")?.steps ?? [];
  const withheld = "[withheld]";
  const masked = '{"messages":[{"role":"user","content":"[masked]"}]';
  const begin = '{"messages":[{"role":"user","content":"SECRET"}]';
  it.each([
    ["an ordinary document", `${begin}}`, `${masked}}`, ""],
    ["an integer of 30 digits", `${begin},"id":123456789012345678901234567890}`, `${masked},"id":123456789012345678901234567890}`, ""],
    ["1e999", `${begin},"n":1e999}`, `${masked},"n":1e999}`, ""],
    ["half a surrogate pair", `${begin},"t":"\\ud83d"}`, withheld, "notJson"],
    ["over 1,024 levels", `${begin},"d":${"[".repeat(1100)}${"]".repeat(1100)}}`, withheld, "notJson"],
    ["a cut document", '{"messages":[{"role":"user","content":"SECRET and mo', withheld, "notJson"],
    ["NaN", `${begin},"n":NaN}`, withheld, "notJson"],
    ["a raw control character", `${begin},"t":"\u0001"}`, withheld, "notJson"],
    ["two documents", `${begin}}${begin}}`, withheld, "notJson"],
    ["a Python repr", `${begin}}`.replaceAll('"', "'"), withheld, "notJson"],
    ["plain text", "SECRET", withheld, "notJson"],
    ["JSON in a JSON string", JSON.stringify(`${begin}}`), withheld, "otherShape"],
    ["JSON in a string on the way", JSON.stringify({ messages: '[{"content":"SECRET"}]' }), withheld, "otherShape"],
    ["an object where the rule says list", '{"messages":{"content":"SECRET"}}', withheld, "otherShape"],
    ["text where the rule says object", '{"messages":["SECRET"]}', withheld, "otherShape"],
    ["a list at the top", '[{"content":"SECRET"}]', withheld, "otherShape"],
    ["a number", "4111", withheld, "otherShape"],
    [
      "keys twice",
      '{"messages":[{"content":"SECRET","content":"SECRET"}],"messages":[]}',
      '{"messages":[{"content":"[masked]","content":"[masked]"}],"messages":[]}',
      "",
    ],
    ["an escaped key", '{"messages":[{"\\u0063ontent":"SECRET"}]}', '{"messages":[{"content":"[masked]"}]}', ""],
    ["a byte order mark", `\ufeff${begin}}`, `${masked}}`, ""],
    ["another key", '{"prompt":"open"}', '{"prompt":"open"}', ""],
    ["keys compared exactly", '{"Messages":[{"content":"open"}]}', '{"Messages":[{"content":"open"}]}', ""],
    ["null on the way", '{"messages":null}', '{"messages":null}', ""],
    ["nothing", "", "", ""],
  ])("%s", async (_, document, text, reason) => {
    const [left] = await applied([{ steps, action: "mask" }], [Buffer.from(document)]);
    expect({ ...left, text: Buffer.from(left?.text ?? "", "latin1").toString() }).toEqual({
      text: text.replace(/^\ufeff/, ""),
      notJson: reason === "notJson" ? 1 : 0,
      otherShape: reason === "otherShape" ? 1 : 0,
    });
  });

  it("beside input[*].content takes documents of both shapes", async () => {
    const rules = ["input.messages[*].content", "input[*].content"].map((path) => ({
      steps: parsePath(path)?.steps ?? [],
      action: "mask" as const,
    }));
    const left = await applied(rules, [Buffer.from(`${begin}}`), Buffer.from('[{"content":"SECRET"}]'), Buffer.from('"SECRET"')]);
    expect(left.map(({ text }) => text)).toEqual([`${masked}}`, '[{"content":"[masked]"}]', withheld]);
  });

  it("hashes alike what is alike, numbers by their digits", async () => {
    const documents = ['"x"', "4111", '"4111"', "4111.0"].map((content) => Buffer.from(`{"messages":[{"content":${content}}]}`));
    const left = await applied([{ steps, action: "hash" }], documents);
    const hashes = left.map(({ text }) => /"content":"([0-9a-f]{32})"/.exec(text)?.[1]);
    expect(new Set(hashes).size).toBe(3);
    expect(hashes[1]).toBe(hashes[2]);
  });
});
