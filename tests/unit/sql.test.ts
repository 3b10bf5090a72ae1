import { describe, expect, it } from "vitest";
import { fromClause } from "../../core/query/build-query.ts";
import { compileQuery } from "../../core/query/compile-query.ts";
import { ExportQuery } from "../../core/query/export-query.ts";
import { selectList } from "../../core/query/formats/file-format.ts";
import { formatNames, formats } from "../../core/query/formats/index.ts";
import { joinSql, relation, sql } from "../../core/query/sql.ts";
import { tables } from "../../core/query/tables/index.ts";
import { nestedTraces } from "../../core/query/tables/nested-traces.ts";
import type { ExportTable } from "../../core/query/tables/table.ts";

const trace = relation("trace");

describe("SQL as a value", () => {
  it("keeps parameters and relations of what it is composed of, each relation once", () => {
    const part = { sql: "{a:String}", uses: [], params: { a: "1" } };
    expect(sql`if(${trace("name")} = ${part}, ${trace("id")}, e.id)`).toEqual({
      sql: "if(trace.name = {a:String}, trace.id, e.id)",
      uses: ["trace"],
      params: { a: "1" },
    });
    expect(joinSql(["e.id", trace("id"), relation("users")("name")], ", ")).toEqual({
      sql: "e.id, trace.id, users.name",
      uses: ["trace", "users"],
      params: {},
    });
  });
});

/** Relations that a text names, found by looking: what the values say must be the same. */
const namedIn = (text: string, { relations }: ExportTable) =>
  Object.keys(relations).filter((alias) => new RegExp(`\\b${alias}\\.`).test(text));

describe("every expression of a table says which relations it uses", () => {
  it.each(Object.entries({ ...tables, nestedTraces } as Record<string, ExportTable>))("%s", (_, table) => {
    const expressions = [
      ...Object.entries(table.columns),
      ...Object.entries(table.filters),
      ["rowBytes", table.rowBytes] as const,
      ...table.searchIds.map((one) => ["search", sql`${one}`] as const),
    ];
    for (const [id, { sql: text, uses }] of expressions) expect([id, uses.toSorted()]).toEqual([id, namedIn(text, table).toSorted()]);
  });
});

describe("a score that is called like a column of a relation", () => {
  it("joins nothing, in any format", () => {
    const names = ["trace.name", "commentRows.text", "users.name"].map((name) => ({ name, isNumber: true, levels: "trace" as const }));
    const query = ExportQuery.parse({ tableName: "observations", columns: ["id", "scores"] });
    const { selection, table } = compileQuery(query, { columns: names, nested: 0 });
    for (const format of formatNames) {
      const slice = formats[format].slice(selection.select, {
        isFirst: true,
        neutralizeFormulas: true,
        embedJson: true,
        embedLevels: 250,
      });
      const from = fromClause(table, { events: "events" }, { needsFinal: false, names: [selectList(slice)] });
      expect(from).toContain("AS traceScores ON");
      expect(from).not.toMatch(/AS (trace|commentRows|users|ownScores) ON/);
    }
  });
});
