/** Filters of the console's forms against the filter language itself: every column, type and operator of every table. */
import { defaultParseSearch, defaultStringifySearch } from "@tanstack/react-router";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ConditionDraft,
  conditionOf,
  draftOf,
  type FilterColumn,
  operatorsOf,
  readConditions,
  valueKindOf,
  withOperator,
} from "../../../console/src/features/tables/filter-language.ts";
import { tableSearch } from "../../../console/src/features/tables/table-search.ts";
import { compileFilter, describeFilters } from "../../../core/query/filters/compile-filter.ts";
import { filterTypeNames } from "../../../core/query/filters/operators.ts";
import { tables } from "../../../core/query/tables/index.ts";
import type { ExportTable } from "../../../core/query/tables/table.ts";

const columnsOf = (table: ExportTable): FilterColumn[] => describeFilters(table).map((column) => ({ ...column, isSortable: false }));

/** What people may enter for an operator, always valid. */
const drafts = (column: FilterColumn): fc.Arbitrary<ConditionDraft> =>
  fc.constantFrom(...column.filters.flatMap(({ type, operators }) => operators.map((operator) => ({ type, operator })))).chain((chosen) => {
    const { type, operator } = chosen as ConditionDraft;
    // A NUL could not be stored, and comments are compared in Postgres.
    const text = fc.string({ unit: "grapheme" }).map((entered) => (operator === "matches" ? `a${entered}` : entered));
    const texts = {
      text,
      texts: fc.constant(""),
      number: fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      instant: fc.date({ min: new Date("1970-01-01"), max: new Date("2100-01-01"), noInvalidDate: true }).map((date) => date.toISOString()),
      boolean: fc.constantFrom("true", "false"),
      none: fc.constant(""),
    };
    return fc.record({
      type: fc.constant(type),
      operator: fc.constant(operator),
      column: fc.constantFrom(column.id, ...column.aliases),
      key: fc.string({ unit: "grapheme", minLength: 1 }),
      text: texts[valueKindOf(type)],
      texts: fc.uniqueArray(text, { minLength: 1, maxLength: 4 }),
    });
  });

const made = (draft: ConditionDraft) => {
  const checked = conditionOf(draft);
  if ("error" in checked) throw new Error(`${checked.field}: ${checked.error}`);
  return checked.condition;
};

describe.each(Object.values<ExportTable>(tables))("conditions on $name", (table) => {
  it.each(columnsOf(table).map((column) => [column.id, column] as const))(
    "of %s are accepted as entered, and come back from form and URL",
    (_, column) => {
      fc.assert(
        fc.property(drafts(column), (draft) => {
          const condition = made(draft);
          expect(compileFilter([condition], table).faults).toEqual([]);
          expect(made(draftOf(condition))).toEqual(condition);
          const url = defaultStringifySearch({ filter: [condition] });
          // -0 is 0 in JSON.
          const read = tableSearch(defaultParseSearch(url)).filter;
          expect(JSON.stringify(read)).toBe(JSON.stringify([condition]));
        }),
        { numRuns: 25 },
      );
    },
  );

  it("offer each operator of a column once, of the column's own type where it has it", () => {
    for (const column of columnsOf(table)) {
      const offered = operatorsOf(column);
      const names = offered.map(({ operator }) => operator);
      expect(new Set(names).size).toBe(names.length);
      expect(new Set(names)).toEqual(new Set(column.filters.flatMap(({ operators }) => operators)));
      for (const own of column.filters.find(({ type }) => type === column.type)?.operators ?? [])
        expect(offered.find(({ operator }) => operator === own)?.type).toBe(column.type);
    }
  });
});

const draft: ConditionDraft = { type: "number", operator: ">", column: "totalCost", key: "", text: "", texts: [] };

describe("a draft", () => {
  it("knows all types of the language", () => {
    for (const type of filterTypeNames) expect(valueKindOf(type)).toBeTypeOf("string");
  });

  it.each([
    [{ ...draft, text: "" }, "Enter a number."],
    [{ ...draft, text: "1,5" }, "Enter a number."],
    [{ ...draft, text: "0x10" }, "Enter a number."],
    [{ ...draft, text: "1e999" }, "Enter a number."],
    [{ ...draft, text: "9007199254740993" }, /64-bit floats, which have 9007199254740992/],
    [{ ...draft, type: "datetime", text: "yesterday" }, "Enter a date and a time."],
    [{ ...draft, type: "stringOptions", operator: "any of" }, /at least one value/],
    [{ ...draft, type: "string", operator: "matches", text: "?!" }, /one letter or digit/],
    [{ ...draft, type: "stringObject", operator: "=", text: "x" }, "Name the key."],
  ] as [ConditionDraft, string | RegExp][])("%j is refused before it is sent", (entered, sentence) => {
    const checked = conditionOf(entered);
    expect("error" in checked ? checked.error : undefined).toMatch(sentence);
  });

  it("keeps what was entered when the operator changes, as far as it fits", () => {
    const text: ConditionDraft = { ...draft, type: "string", operator: "=", text: "ERROR" };
    const list = withOperator(text, { type: "stringOptions", operator: "any of" });
    expect(list.texts).toEqual(["ERROR"]);
    expect(withOperator(list, { type: "string", operator: "contains" }).text).toBe("ERROR");
    expect(withOperator(text, { type: "null", operator: "is null" }).text).toBe("");
  });
});

describe("conditions of a link", () => {
  it.each([
    null,
    "x",
    [null],
    [{ type: "string" }],
    [{ type: "unknown", column: "a", operator: "=", value: "" }],
    [{ type: "number", column: "a", operator: "=", value: "1" }],
    [{ type: "stringObject", column: "metadata", operator: "=", value: "x" }],
    [{ type: "string", column: "a", key: "k", operator: "=", value: "x" }],
    [{ type: "datetime", column: "startTime", operator: ">", value: "soon" }],
    [{ type: "null", column: "a", operator: "is null", value: null }],
    [{ type: "toString", column: "a", operator: "=", value: "" }],
  ])("%j is none", (given) => {
    expect(readConditions(given)).toEqual([]);
  });

  it("are at most 100", () => {
    const one = { type: "string", column: "a", operator: "=", value: "x" };
    expect(readConditions(Array.from({ length: 101 }, () => one))).toHaveLength(100);
  });
});
