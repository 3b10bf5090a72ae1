import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { AppError } from "../../../core/errors.ts";
import { compileQuery } from "../../../core/query/compile-query.ts";
import { ExportQuery } from "../../../core/query/export-query.ts";
import { compileFilter, findFilterColumn } from "../../../core/query/filters/compile-filter.ts";
import { filterTypes } from "../../../core/query/filters/operators.ts";
import { events } from "../../../core/query/tables/events.ts";
import { type FilterColumnType, filterColumnTypes } from "../../../core/query/tables/table.ts";

const faultsOf = (filter: unknown) => compileFilter([filter], events).faults;
const conditionsOf = (...filters: unknown[]) => {
  const { conditions, faults } = compileFilter(filters, events);
  expect(faults).toEqual([]);
  return conditions;
};

/** A column of each type, and a value each filter type takes. */
const columnOf: Record<FilterColumnType, string> = {
  string: "userId",
  stringOptions: "level",
  arrayOptions: "tags",
  datetime: "startTime",
  number: "latency",
  boolean: "hasInput",
  stringObject: "metadata",
  numberObject: "scores_avg",
  categoryOptions: "score_categories",
  booleanObject: "score_booleans",
};
const filterOf: Record<keyof typeof filterTypes, object> = {
  string: { type: "string", operator: "=", value: "x" },
  stringOptions: { type: "stringOptions", operator: "any of", value: ["x"] },
  arrayOptions: { type: "arrayOptions", operator: "all of", value: ["x"] },
  datetime: { type: "datetime", operator: ">", value: "2026-01-01T00:00:00Z" },
  number: { type: "number", operator: ">", value: 1 },
  boolean: { type: "boolean", operator: "=", value: true },
  stringObject: { type: "stringObject", operator: "=", key: "k", value: "x" },
  numberObject: { type: "numberObject", operator: ">", key: "k", value: 1 },
  categoryOptions: { type: "categoryOptions", operator: "any of", key: "k", value: ["x"] },
  booleanObject: { type: "booleanObject", operator: "=", key: "k", value: true },
  null: { type: "null", operator: "is null", value: "" },
};
const accepted: Record<FilterColumnType, (keyof typeof filterTypes)[]> = {
  string: ["string", "stringOptions", "null"],
  stringOptions: ["string", "stringOptions", "null"],
  arrayOptions: ["stringOptions", "arrayOptions", "null"],
  datetime: ["datetime", "null"],
  number: ["number", "null"],
  boolean: ["boolean", "null"],
  stringObject: ["stringObject", "null"],
  numberObject: ["numberObject", "null"],
  categoryOptions: ["categoryOptions", "null"],
  booleanObject: ["booleanObject", "null"],
};

describe("filter types and column types", () => {
  const pairs = filterColumnTypes.flatMap((column) =>
    (Object.keys(filterTypes) as (keyof typeof filterTypes)[]).map((type) => [type, column, accepted[column].includes(type)] as const),
  );
  it.each(pairs)("filter %s on a %s column: allowed is %s", (type, column, isAllowed) => {
    const faults = faultsOf({ ...filterOf[type], column: columnOf[column] });
    expect(faults.map((fault) => fault.path)).toEqual(isAllowed ? [] : ["query.filter[0].type"]);
  });
});

describe("a filter that cannot be applied is refused with its field", () => {
  const good = { type: "string", column: "userId", operator: "=", value: "x" };
  it.each([
    ["no object", 7, ""],
    ["null", null, ""],
    ["unknown type", { ...good, type: "regex" }, ".type"],
    ["unknown column", { ...good, column: "user_id" }, ".column"],
    ["string filter on scores", { ...good, column: "scores_avg" }, ".type"],
    ["name of the prototype as a column", { ...good, column: "__proto__" }, ".column"],
    ["unknown operator", { ...good, operator: "like" }, ".operator"],
    ["operator of the prototype", { ...good, operator: "toString" }, ".operator"],
    ["operator of another type", { ...good, operator: "any of" }, ".operator"],
    ["`matches` on another column", { ...good, operator: "matches" }, ".operator"],
    ["`matches` without a word", { ...good, column: "input", operator: "matches", value: "--" }, ".value"],
    ["missing value", { type: "string", column: "userId", operator: "=" }, ".value"],
    ["number for a string", { ...good, value: 1 }, ".value"],
    ["lone surrogate", { ...good, value: "a\ud800" }, ".value"],
    ["unknown field", { ...good, valeu: "x" }, ""],
    ["key where there is none", { ...good, key: "k" }, ""],
    ["empty list", { type: "stringOptions", column: "level", operator: "any of", value: [] }, ".value"],
    ["empty list, none of", { type: "stringOptions", column: "level", operator: "none of", value: [] }, ".value"],
    ["empty list of tags", { type: "arrayOptions", column: "tags", operator: "any of", value: [] }, ".value"],
    ["number in a list", { type: "stringOptions", column: "level", operator: "any of", value: ["a", 1] }, ".value.1"],
    ["infinity", { type: "number", column: "latency", operator: "=", value: Number.POSITIVE_INFINITY }, ".value"],
    ["not a number", { type: "number", column: "latency", operator: "=", value: Number.NaN }, ".value"],
    ["number as text", { type: "number", column: "latency", operator: "=", value: "1" }, ".value"],
    ["time without zone", { type: "datetime", column: "startTime", operator: ">", value: "2026-01-01T00:00:00" }, ".value"],
    ["date only", { type: "datetime", column: "startTime", operator: ">", value: "2026-01-01" }, ".value"],
    ["no such day", { type: "datetime", column: "startTime", operator: ">", value: "2026-02-30T00:00:00Z" }, ".value"],
    ["nonsense time", { type: "datetime", column: "startTime", operator: ">", value: "yesterday" }, ".value"],
    ["equality of times", { type: "datetime", column: "startTime", operator: "=", value: "2026-01-01T00:00:00Z" }, ".operator"],
    ["boolean as text", { type: "boolean", column: "hasInput", operator: "=", value: "true" }, ".value"],
    ["metadata without key", { type: "stringObject", column: "metadata", operator: "=", value: "x" }, ".key"],
    ["metadata with an empty key", { type: "stringObject", column: "metadata", operator: "=", key: "", value: "x" }, ".key"],
    ["null filter with a value", { type: "null", column: "userId", operator: "is null", value: "x" }, ".value"],
  ])("%s", (_, filter, where) => {
    expect(faultsOf(filter).map((fault) => fault.path)).toEqual([`query.filter[0]${where}`]);
  });

  it("together with every other fault of the request, in one error", () => {
    const query = ExportQuery.parse({
      tableName: "events",
      filter: [good, { ...good, column: "nope" }, { ...good, operator: "nope" }],
      searchQuery: "x",
      searchType: [],
      orderBy: { column: "tags", order: "ASC" },
      columns: ["id", "nope", "id"],
    });
    let caught: unknown;
    try {
      compileQuery(query);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(AppError);
    expect(caught).toMatchObject({ code: "INVALID_FILTER" });
    expect((caught as AppError).fields.map((field) => field.path)).toEqual([
      "query.filter[1].column",
      "query.filter[2].operator",
      "query.searchType",
      "query.orderBy.column",
      "query.columns[1]",
      "query.columns[2]",
    ]);
  });

  it.each([
    [{ tableName: "datasets" }, "UNKNOWN_TABLE", "query.tableName"],
    [{ tableName: "constructor" }, "UNKNOWN_TABLE", "query.tableName"],
    [{ tableName: "events", orderBy: { column: "nope", order: "ASC" } }, "INVALID_ORDER_BY", "query.orderBy.column"],
    [{ tableName: "events", orderBy: { column: "metadata", order: "ASC" } }, "INVALID_ORDER_BY", "query.orderBy.column"],
    [{ tableName: "events", columns: ["toString"] }, "INVALID_COLUMNS", "query.columns[0]"],
    [{ tableName: "events", searchQuery: "\udc00" }, "INVALID_FILTER", "query.searchQuery"],
  ])("%j is %s", (query, code, path) => {
    expect(() => compileQuery(ExportQuery.parse(query))).toThrow(
      expect.objectContaining({ code, fields: [expect.objectContaining({ path })] }),
    );
  });
});

describe("empty lists", () => {
  it.each(["none of", "all of"])("are no restriction for `%s` on tags", (operator) => {
    expect(faultsOf({ type: "arrayOptions", column: "tags", operator, value: [] })).toEqual([]);
  });
});

describe("parameters", () => {
  it("have the same names for the same shape, whatever the values", () => {
    const shape = (a: string, b: string) =>
      conditionsOf(
        { type: "string", column: "userId", operator: "contains", value: a },
        { type: "stringObject", column: "metadata", operator: "=", key: b, value: a },
        { type: "stringOptions", column: "tags", operator: "any of", value: [a, b] },
      );
    const first = shape("x", "y");
    expect(first.map(({ sql }) => sql)).toEqual(shape("other", "values").map(({ sql }) => sql));
    expect(first.flatMap(({ params }) => Object.keys(params))).toEqual(["f0_0", "f1_0", "f1_1", "f2_0"]);
  });

  it("hold every value; none reaches the text of the query", () => {
    const hostile = "zzz'); DROP TABLE events --{p:String}\u0000";
    const conditions = conditionsOf(
      ...["=", "contains", "does not contain", "starts with", "ends with"].flatMap((operator) => [
        { type: "string", column: "userId", operator, value: hostile },
        { type: "stringObject", column: "metadata", key: hostile, operator, value: hostile },
      ]),
      { type: "string", column: "input", operator: "matches", value: hostile },
      { type: "stringOptions", column: "level", operator: "any of", value: [hostile] },
      { type: "arrayOptions", column: "tags", operator: "all of", value: [hostile] },
    );
    for (const { sql } of conditions) expect(sql).not.toMatch(/zzz|DROP/);
  });

  it("are the words of `matches`, at most 64 different ones", () => {
    const value = Array.from({ length: 200 }, (_, i) => `Word${i % 100}`).join(" ");
    const [condition] = conditionsOf({ type: "string", column: "input", operator: "matches", value });
    expect(Object.values(condition?.params ?? {})).toEqual([value, Array.from({ length: 64 }, (_, i) => `word${i}`)]);
  });
});

describe("reading payloads", () => {
  it.each([
    ["input", "string", {}, true],
    ["output", "string", {}, true],
    ["evaluatorId", "string", {}, true],
    ["metadata", "stringObject", { key: "k" }, true],
    ["userId", "string", {}, false],
    ["traceName", "string", {}, false],
  ])("a filter on %s says whether it does", (column, type, more, readsContent) => {
    expect(conditionsOf({ type, column, operator: "=", value: "x", ...more })[0]?.readsContent).toBe(readsContent);
  });
});

describe("aliases", () => {
  it.each([
    ["model", "providedModelName"],
    ["traceTags", "tags"],
    ["tokens", "totalTokens"],
    ["traceEnvironment", "environment"],
  ])("%s is %s", (alias, id) => {
    expect(findFilterColumn(events, alias)).toBe(events.filters[id]);
  });
});

describe("golden SQL", () => {
  it.each(Object.entries(filterTypes).flatMap(([type, entry]) => Object.keys(entry.operators).map((operator) => [type, operator])))(
    "of %s `%s` is as filed",
    async (type = "", operator = "") => {
      const values: Record<string, unknown> = {
        string: "some words",
        stringOptions: ["a", "b"],
        arrayOptions: ["a", "b"],
        datetime: "2026-01-31T12:00:00.123456Z",
        number: 1.25,
        boolean: true,
        stringObject: "some words",
        numberObject: 1.25,
        categoryOptions: ["a", "b"],
        booleanObject: true,
        null: "",
      };
      const columns: Record<string, string> = { ...columnOf, null: "userId", ...(operator === "matches" ? { string: "input" } : {}) };
      const [condition] = conditionsOf({
        type,
        column: columns[type],
        operator,
        value: values[type],
        ...(type.endsWith("Object") || type === "categoryOptions" ? { key: "k" } : {}),
      });
      const params = Object.entries(condition?.params ?? {}).map(([name, value]) => `-- ${name} = ${JSON.stringify(value)}\n`);
      const name = `${type} ${operator}`
        .replaceAll(" ", "-")
        .replace(/[<>=]+/, (sign) => ({ "=": "eq", "<>": "ne", ">": "gt", "<": "lt", ">=": "ge", "<=": "le" })[sign] ?? sign);
      await expect(`${condition?.sql}\n${params.join("")}`).toMatchFileSnapshot(
        fileURLToPath(new URL(`../../fixtures/filters/${name}.sql`, import.meta.url)),
      );
    },
  );
});
