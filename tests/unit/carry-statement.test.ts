import { describe, expect, it } from "vitest";
import { externalSet } from "../../core/query/external-table.ts";
import { carryStatement, formOf, inlineParameters } from "../../db/clickhouse/carry-statement.ts";

const long = "x".repeat(140_000);

describe("a statement", () => {
  it("that is short travels with its parameters in the URL", () => {
    const carried = carryStatement("SELECT {a:String}", { a: "1", b: undefined }, { max_threads: 1, other: undefined });
    expect(carried).toEqual({ sql: "SELECT {a:String}", params: { a: "1" }, settings: { max_threads: 1 }, tables: [] });
  });

  it("with long parameters has them in its text, and asks for the room", () => {
    const carried = carryStatement("SELECT {a:String}, {n:UInt64}, {l:Array(String)}", { a: long, n: 7, l: ["it's", "b"] }, {});
    expect(carried.sql).toBe(`SELECT '${long}', _CAST('7', 'UInt64'), _CAST('[\\'it\\\\\\'s\\',\\'b\\']', 'Array(String)')`);
    expect(carried.params).toEqual({});
    expect(carried.settings).toMatchObject({ max_query_size: expect.any(String), max_ast_elements: expect.any(String) });
  });

  it("has long settings behind its format, and short ones in the URL", () => {
    const { sql, settings } = carryStatement("SELECT 1 FORMAT Template", {}, { format_template_row_format: `'${long}`, max_threads: "1" });
    expect(sql).toBe(`SELECT 1 FORMAT Template SETTINGS format_template_row_format = '\\'${long}'`);
    expect(settings).toMatchObject({ max_threads: "1" });
    expect(settings).not.toHaveProperty("format_template_row_format");
  });

  it("with tables travels as a form, in fields that ClickHouse takes, whose text is the whole", () => {
    const sql = `SELECT '${"😀ä\\n".repeat(60_000)}' IN (SELECT v FROM ids)`;
    const { tables } = carryStatement(sql, { ids: externalSet(["a"]) }, {});
    const form = formOf(sql, tables);
    const fields = form.getAll("query").map(String);
    expect(fields.join("")).toBe(sql);
    for (const field of fields) expect(new TextEncoder().encode(field).byteLength).toBeLessThan(128 * 1024);
    expect([form.get("ids_structure"), form.get("ids_format")]).toEqual(["v String", "JSONEachRow"]);
  });
});

describe("parameters in the text", () => {
  const params = { c0: "v", projectId: "p" };
  it.each([
    ["SELECT {c0:String}", "SELECT 'v'"],
    [`SELECT 1 AS "{c0:String}"`, `SELECT 1 AS "{c0:String}"`],
    [`SELECT '{c0:String}', 'it\\'s {c0:String}', {c0:String}`, `SELECT '{c0:String}', 'it\\'s {c0:String}', 'v'`],
    [
      "SELECT `{c0:String}` /* {c0:String} */ -- {c0:String}\n, {c0:String}",
      "SELECT `{c0:String}` /* {c0:String} */ -- {c0:String}\n, 'v'",
    ],
    ["SELECT {unknown:String}, {constructor:String}", "SELECT {unknown:String}, {constructor:String}"],
    [`SELECT "a\\"{c0:String}" = {projectId:String}`, `SELECT "a\\"{c0:String}" = 'p'`],
  ])("%s", (sql, expected) => {
    expect(inlineParameters(sql, params)).toBe(expected);
  });
});
