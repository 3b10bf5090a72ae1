/** State of a table page: URL to state to URL, and the queries that it makes. */
import { defaultParseSearch, defaultStringifySearch } from "@tanstack/react-router";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tableNames } from "../../../console/src/features/tables/table-pages.ts";
import { rowTabs, searchPlaces, type TableSearch, tableSearch } from "../../../console/src/features/tables/table-search.ts";
import { exportQueryOf, rowFilterOf, sortIdOf } from "../../../console/src/features/tables/table-view.ts";
import { instantOf, localOf, relativeRanges } from "../../../console/src/features/tables/time-range.ts";
import type { ExportTable } from "../../../console/src/generated/types.gen.ts";
import { compileQuery, isSortable } from "../../../core/query/compile-query.ts";
import { describeColumns } from "../../../core/query/describe-columns.ts";
import { ExportQuery } from "../../../core/query/export-query.ts";
import { describeFilters } from "../../../core/query/filters/compile-filter.ts";
import { tables } from "../../../core/query/tables/index.ts";

const nowMs = Date.parse("2026-11-29T12:00:00Z");

/** As the API describes it. */
const described = (name: (typeof tableNames)[number]): ExportTable => {
  const table = tables[name];
  return {
    name,
    description: table.description,
    schemaVersion: 1,
    formats: [],
    searchTypes: [],
    timeColumn: table.timeColumn,
    columns: describeColumns(table),
    filters: describeFilters(table).map((filter) => {
      const column = (table.filters as Record<string, Parameters<typeof isSortable>[1]>)[filter.id];
      return { ...filter, isSortable: column !== undefined && isSortable(table, column) };
    }),
  };
};

const instant = fc
  .date({ min: new Date("1970-01-01"), max: new Date("2100-01-01"), noInvalidDate: true })
  .map((date) => date.toISOString());
const text = fc.string({ unit: "grapheme", minLength: 1 });
const searches: fc.Arbitrary<TableSearch> = fc
  .record(
    {
      since: fc.constantFrom(...relativeRanges),
      from: instant,
      to: instant,
      q: text,
      in: fc.constantFrom(...searchPlaces),
      sort: fc.constantFrom("startTime.asc", "latency.desc"),
      columns: fc.constantFrom("id", "id,name", "output,input"),
      cursor: text,
      at: instant,
      row: fc.oneof(text, fc.bigInt({ min: 1n }).map(String)),
      tab: fc.constantFrom(...rowTabs),
      span: text,
      plot: fc.constant("off" as const),
    },
    { requiredKeys: [] },
  )
  // A relative range leaves no room for instants.
  .map(({ from, to, ...search }) => (search.since === undefined ? { ...search, ...(from && { from }), ...(to && { to }) } : search));

describe("the URL of a table page", () => {
  it("gives back the state that it was made of", () => {
    fc.assert(
      fc.property(searches, (search) => {
        expect(tableSearch(defaultParseSearch(defaultStringifySearch(search)))).toEqual(search);
      }),
    );
  });

  it("leaves out whatever does not fit, and never fails", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom("since", "from", "filter", "q", "in", "sort", "columns", "cursor", "at", "row", "tab"),
          fc.jsonValue(),
        ),
        (given) => {
          const read = tableSearch(given);
          expect(tableSearch({ ...read })).toEqual(read);
        },
      ),
    );
    expect(tableSearch({ since: "2h", from: "today", sort: "name", tab: "all", plot: "on", filter: "x", unknown: 1 })).toEqual({});
    expect(tableSearch({ since: "24h", from: "2026-01-01T00:00:00Z" })).toEqual({ since: "24h" });
  });
});

describe.each(tableNames)("the page of %s", (name) => {
  const table = described(name);

  it("asks for columns that the table has, and only for what the API accepts", () => {
    const query = exportQueryOf(table, name, { since: "24h", q: "x" }, nowMs);
    expect(query.columns?.length).toBeGreaterThan(5);
    expect(() => compileQuery(ExportQuery.parse(query))).not.toThrow();
    expect(query.filter?.[0]).toEqual({ type: "datetime", column: table.timeColumn, operator: ">=", value: "2026-11-28T12:00:00.000Z" });
  });

  it("sorts every head that offers it by a column that the API sorts by", () => {
    const sortable = table.columns.flatMap(({ id }) => sortIdOf(table, id) ?? []);
    expect(sortable).toContain(table.timeColumn);
    for (const column of sortable)
      expect(() => compileQuery(ExportQuery.parse({ tableName: name, orderBy: { column, order: "ASC" } }))).not.toThrow();
  });

  it("leaves out columns of a link that the table does not have", () => {
    expect(exportQueryOf(table, name, { columns: "nothing,id,id" }, nowMs).columns).toEqual(["id"]);
  });
});

describe("times", () => {
  it("of a range are conditions, half-open", () => {
    expect(rowFilterOf({ timeColumn: "startTime" }, { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" }, nowMs).filter).toEqual([
      { type: "datetime", column: "startTime", operator: ">=", value: "2026-01-01T00:00:00Z" },
      { type: "datetime", column: "startTime", operator: "<", value: "2026-01-02T00:00:00Z" },
    ]);
  });

  it("go through a field of the browser unchanged, to the millisecond", () => {
    fc.assert(
      fc.property(instant, (at) => {
        expect(instantOf(localOf(at))).toBe(at);
      }),
    );
  });
});
