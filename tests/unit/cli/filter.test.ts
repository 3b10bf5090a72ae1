/** Filters as people type them: every filter of the API can be written and read back, and what cannot be understood is refused with its place. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CommandError } from "../../../cli/user/exit-codes.ts";
import { formatFilter } from "../../../cli/user/filter/format-filter.ts";
import { parseFilter } from "../../../cli/user/filter/parse-filter.ts";
import { parseInstant } from "../../../cli/user/filter/parse-instant.ts";
import { type ApiFilter, typeCondition } from "../../../cli/user/filter/type-filter.ts";
import { compileFilter, describeFilters } from "../../../core/query/filters/compile-filter.ts";
import { type TableName, tables } from "../../../core/query/tables/index.ts";
import type { ExportTable } from "../../../core/query/tables/table.ts";

const nowMs = Date.parse("2026-11-29T12:00:00Z");
const tableNames = Object.keys(tables) as TableName[];
const described = (table: ExportTable) => ({ name: table.name, filters: describeFilters(table) });
const read = (table: ExportTable, text: string): ApiFilter[] =>
  parseFilter(text).map((condition) => typeCondition(described(table), condition, nowMs));
const events = (text: string) => read(tables.events, text);
const failureOf = (work: () => unknown): CommandError => {
  try {
    work();
  } catch (error) {
    if (error instanceof CommandError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
};

const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("", "and", "true", "7d", "a b", `"'\\`, "a,b)", "is null", "\n\t"));
const instant = fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true }).map((date) => date.toISOString());
/** `matches` asks for at least one word. */
const textFor = (operator: string) => (operator === "matches" ? text.map((one) => `${one} word`) : text);
/** Values by the API's filter types. Lists of one operator may be empty. */
const values: Record<string, (operator: string) => fc.Arbitrary<unknown>> = {
  string: (operator) => textFor(operator),
  stringObject: (operator) => textFor(operator),
  stringOptions: () => fc.array(text, { minLength: 1, maxLength: 4 }),
  categoryOptions: () => fc.array(text, { minLength: 1, maxLength: 4 }),
  arrayOptions: (operator) => fc.array(text, { minLength: operator === "any of" ? 1 : 0, maxLength: 4 }),
  number: () => fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
  numberObject: () => fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
  datetime: () => instant,
  boolean: () => fc.boolean(),
  booleanObject: () => fc.boolean(),
  null: () => fc.constant(""),
};
const keyed = ["stringObject", "numberObject", "categoryOptions", "booleanObject"];

const anyFilter = fc
  .constantFrom(...tableNames)
  .chain((table) => fc.tuple(fc.constant(table), fc.constantFrom(...describeFilters(tables[table]))))
  .chain(([table, column]) => fc.tuple(fc.constant(table), fc.constant(column), fc.constantFrom(...column.filters)))
  .chain(([table, column, { type, operators }]) =>
    fc.constantFrom(...operators).chain((operator) =>
      fc
        .record({ value: values[type]?.(operator) ?? fc.constant(undefined), key: text.filter((one) => one !== "") })
        .map(({ value, key }) => ({
          table,
          column,
          filter: { type, column: column.id, ...(keyed.includes(type) ? { key } : {}), operator, value } as ApiFilter,
        })),
    ),
  );

describe("a filter", () => {
  it("of any table, column, type and operator is read back as it was written, and the API accepts it", () => {
    fc.assert(
      fc.property(anyFilter, ({ table: name, column, filter }) => {
        const table = tables[name];
        const [found, ...more] = read(table, formatFilter(filter));
        expect(more).toEqual([]);
        // A list column has the same operators in two filter types, which mean the same.
        expect(found).toEqual(
          filter.type === "stringOptions" && column.type === "arrayOptions" ? { ...filter, type: "arrayOptions" } : filter,
        );
        expect(compileFilter([found], table).faults).toEqual([]);
      }),
      { numRuns: 600 },
    );
  });

  it("of any text is read, or refused as a fault of the caller", () => {
    const pieces = fc.array(
      fc.constantFrom(
        "level",
        "=",
        " ",
        "(",
        ")",
        ",",
        '"',
        "'",
        "and",
        "or",
        "in",
        "is null",
        "metadata",
        ".",
        "[",
        "]",
        "\\",
        "7",
        "contains",
        "é",
      ),
      { maxLength: 14 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          pieces.map((all) => all.join("")),
          pieces.map((all) => all.join(" ")),
          fc.string(),
        ),
        (typed) => {
          try {
            expect(events(typed).length).toBeGreaterThan(0);
          } catch (error) {
            expect(error).toBeInstanceOf(CommandError);
            expect((error as CommandError).outcome).toBe("usage");
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it.each<[string, ApiFilter[]]>([
    ["level=ERROR", [{ type: "string", column: "level", operator: "=", value: "ERROR" }]],
    ["level != DEBUG", [{ type: "stringOptions", column: "level", operator: "none of", value: ["DEBUG"] }]],
    ["traceTags = prod", [{ type: "arrayOptions", column: "tags", operator: "any of", value: ["prod"] }]],
    ["level not  in (DEBUG , 'DE FAULT')", [{ type: "stringOptions", column: "level", operator: "none of", value: ["DEBUG", "DE FAULT"] }]],
    ["hasInput != true", [{ type: "boolean", column: "hasInput", operator: "<>", value: true }]],
    ["latency>=2.5", [{ type: "number", column: "latency", operator: ">=", value: 2.5 }]],
    ["startTime >= now-7d", [{ type: "datetime", column: "startTime", operator: ">=", value: "2026-11-22T12:00:00.000Z" }]],
    [
      "metadata.user.region contains eu",
      [{ type: "stringObject", column: "metadata", key: "user.region", operator: "contains", value: "eu" }],
    ],
    [`scores_avg["user feedback"] < .5`, [{ type: "numberObject", column: "scores_avg", key: "user feedback", operator: "<", value: 0.5 }]],
    [
      `statusMessage IS NOT NULL and name = "and \\"or\\" \\u00e9"`,
      [
        { type: "null", column: "statusMessage", operator: "is not null", value: "" },
        { type: "string", column: "name", operator: "=", value: 'and "or" é' },
      ],
    ],
  ])("%s", (typed, filters) => {
    expect(events(typed)).toEqual(filters);
  });

  it.each<[string, RegExp, number | undefined]>([
    ["level ERROR", /operator after level/, 6],
    ["level = ERROR or level = WARNING", /combined by `and` only/, 16],
    ["level = two words", /`and` or the end/, 12],
    ['name = "open', /not closed/, 7],
    ["level in (a b)", /comma or \)/, 12],
    ["= 5", /name of a column/, 0],
    ['name = "\\x"', /backslash/, 8],
    ["levl = ERROR", /no filter column "levl"/, undefined],
    ["level > 5", /no operator ">"/, undefined],
    ["level in ERROR", /takes a list/, undefined],
    ["level = (ERROR)", /one value here/, undefined],
    ["latency > fast", /is no number/, undefined],
    ['latency > "5"', /is no number/, undefined],
    ["hasInput = yes", /neither true nor false/, undefined],
    ["startTime > 2026-11-01T12:00:00", /is no instant/, undefined],
    ["metadata = eu", /needs a key/, undefined],
    ["level.x = eu", /has no keys/, undefined],
  ])("%s is refused, and the place is shown", (typed, message, place) => {
    const { message: sentence, detail, outcome } = failureOf(() => events(typed));
    expect([sentence, outcome]).toEqual([expect.stringMatching(message), "usage"]);
    expect(detail[1]?.indexOf("^")).toBe(place);
  });

  it("can be on the column of time that each table names", () => {
    for (const table of Object.values<ExportTable>(tables))
      expect(read(table, `${table.timeColumn} >= 2026-11-01`)).toEqual([
        { type: "datetime", column: table.timeColumn, operator: ">=", value: "2026-11-01T00:00:00.000Z" },
      ]);
  });
});

describe("an instant", () => {
  it.each([
    ["2026-11-01", "2026-11-01T00:00:00.000Z"],
    ["2026-11-01T12:00:00.123456+02:00", "2026-11-01T12:00:00.123456+02:00"],
    ["now", "2026-11-29T12:00:00.000Z"],
    ["90s", "2026-11-29T11:58:30.000Z"],
    ["2w", "2026-11-15T12:00:00.000Z"],
  ])("%s is %s", (typed, found) => {
    expect(parseInstant(typed, nowMs)).toBe(found);
  });

  it.each(["2026-02-30", "2026-11-01T12:00", "yesterday", "7", "-7d", "999999999w", ""])("%j is refused", (typed) => {
    expect(failureOf(() => parseInstant(typed, nowMs)).outcome).toBe("usage");
  });
});
