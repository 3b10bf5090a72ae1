import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { countPredicate, exportPredicate, fromClause, until } from "../../core/query/build-query.ts";
import { compileQuery } from "../../core/query/compile-query.ts";
import { ExportQuery } from "../../core/query/export-query.ts";
import { createClickHouseDatabase } from "../support/clickhouse-database.ts";
import { clickHouseTime } from "../support/event-rows.ts";
import { filterMatches, searchMatches } from "../support/filter-meaning.ts";
import { type AnyFilter, anyFilter, anySearch, columnsByType, type FilterRow, filterRow, textPool } from "../support/filter-rows.ts";

const seed = Number(process.env["FILTER_SEED"] ?? 20260121);
const projectId = "filters";
const scope = { projectId, window: until("2027-01-01T00:00:00.000000Z"), physical: { events: "events" } };

let database: Awaited<ReturnType<typeof createClickHouseDatabase>>;
/** The rows an export may see: newest versions that are not deleted. */
let rows: FilterRow[];

beforeAll(async () => {
  console.info(`filter language seed ${seed}`);
  database = await createClickHouseDatabase();
  const sample = <T>(arbitrary: fc.Arbitrary<T>, more: number): T => {
    const [value] = fc.sample(arbitrary, { seed: seed + more, numRuns: 1 });
    if (value === undefined) throw new Error("nothing sampled");
    return value;
  };
  const count = 160;
  const newest = Array.from({ length: count }, (_, i) => sample(filterRow(projectId, i), i));
  // Every fifth row has an older version with other content, every seventh was deleted: separate parts, joined only by FINAL.
  const older = newest
    .filter((_, i) => i % 5 === 0)
    .map((row, i) => ({
      ...sample(filterRow(projectId, i), 1000 + i),
      trace_id: row.trace_id,
      span_id: row.span_id,
      start_time: row.start_time,
      event_ts: clickHouseTime(Date.UTC(2025, 0, 1) * 1000),
    }));
  const deleted = newest.filter((_, i) => i % 7 === 0).map((row) => ({ ...row, event_ts: "2026-06-01 00:00:00.000000", is_deleted: 1 }));
  const foreign = newest.slice(0, 20).map((row) => ({ ...row, project_id: "another" }));
  await database.query("SYSTEM STOP MERGES events");
  for (const part of [older, newest, deleted, foreign]) await database.insertEvents(part);
  rows = newest.filter((_, i) => i % 7 !== 0);
});
afterAll(() => database.drop());

const exportedIds = async (query: Partial<ExportQuery>): Promise<string[]> => {
  const compiled = compileQuery(ExportQuery.parse({ tableName: "events", ...query }));
  const predicate = exportPredicate(compiled, scope);
  const found = await database.clickhouse.queryRows<{ id: string }>({
    sql: `SELECT e.span_id AS id FROM ${fromClause(compiled.table, scope.physical, { needsFinal: true, names: [predicate] })} WHERE ${predicate.sql} ORDER BY ${compiled.orderBy.sql}`,
    params: predicate.params,
  });
  return found.map((row) => row.id);
};

const idsOf = (kept: readonly FilterRow[]) => kept.map((row) => row.span_id).toSorted();

describe("exported ids equal those of a plain evaluation over the same rows", () => {
  it("for random lists of filters", async () => {
    let kept = 0;
    let filtersRun = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyFilter, { minLength: 1, maxLength: 3 }), async (filters: AnyFilter[]) => {
        const expected = idsOf(rows.filter((row) => filters.every((filter) => filterMatches(row, filter))));
        kept += expected.length > 0 && expected.length < rows.length ? 1 : 0;
        filtersRun += filters.length;
        expect((await exportedIds({ filter: filters })).toSorted()).toEqual(expected);
      }),
      { seed, numRuns: 500 },
    );
    // Lists that keep all rows or none prove little: enough of them must divide the rows.
    expect(kept).toBeGreaterThan(150);
    expect(filtersRun).toBeGreaterThan(700);
  });

  it("for every column with every filter type and operator it takes", async () => {
    const seen = new Set<string>();
    const covered = fc.sample(anyFilter, { seed, numRuns: 20_000 }).filter((filter) => {
      const shape = `${filter.type} ${filter.column} ${filter.operator}`;
      return !seen.has(shape) && seen.add(shape);
    });
    const strings = columnsByType.string.split(" ").length + columnsByType.stringOptions.split(" ").length;
    const arrays = columnsByType.arrayOptions.split(" ").length;
    const others = ["datetime", "number", "boolean"].map((type) => columnsByType[type as "number"].split(" ").length);
    const [datetimes = 0, numbers = 0, booleans = 0] = others;
    const shapes = strings * 7 + 2 + arrays * 5 + datetimes * 4 + numbers * 5 + booleans * 2 + 6;
    expect(seen.size).toBe(shapes + 2 * (strings + arrays + datetimes + numbers + booleans + 1));
    for (const filter of covered)
      expect((await exportedIds({ filter: [filter] })).toSorted(), JSON.stringify(filter)).toEqual(
        idsOf(rows.filter((row) => filterMatches(row, filter))),
      );
  });

  it("for random searches, alone and together with a filter", async () => {
    await fc.assert(
      fc.asyncProperty(anySearch, fc.option(anyFilter), async ({ searchQuery, searchType }, filter) => {
        const expected = rows.filter(
          (row) => searchMatches(row, searchQuery, searchType) && (filter === null || filterMatches(row, filter)),
        );
        const found = await exportedIds({
          searchQuery,
          ...(searchType === undefined ? {} : { searchType }),
          filter: filter === null ? null : [filter],
        });
        expect(found.toSorted()).toEqual(idsOf(expected));
      }),
      { seed, numRuns: 200 },
    );
  });
});

describe("hostile text", () => {
  it.each(textPool.map((text) => [text]))("%j is found by equality, and only where it is", async (text) => {
    const filters = [{ type: "string", column: "userId", operator: "=", value: text }];
    expect((await exportedIds({ filter: filters })).toSorted()).toEqual(idsOf(rows.filter((row) => row.user_id === text)));
  });

  it("keeps its meaning in lists too long for a URL", async () => {
    const value = [...textPool.filter((_, i) => i % 2 === 0), ...Array.from({ length: 3000 }, (_, i) => `nobody-${i}\r\n`)];
    const found = await exportedIds({ filter: [{ type: "stringOptions", column: "userId", operator: "any of", value }] });
    expect(found.toSorted()).toEqual(idsOf(rows.filter((row) => value.includes(row.user_id))));
  });
});

describe("null filters", () => {
  it.each(["userId", "sessionId", "traceName", "statusMessage", "version", "release", "parentObservationId"])(
    "`is null` on %s finds the rows where it is empty",
    async (column) => {
      const empty = await exportedIds({ filter: [{ type: "null", column, operator: "is null", value: "" }] });
      const rest = await exportedIds({ filter: [{ type: "null", column, operator: "is not null", value: "" }] });
      expect(empty.length).toBeGreaterThan(0);
      expect([...empty, ...rest].toSorted()).toEqual(idsOf(rows));
    },
  );
});

describe("counting ahead", () => {
  it("counts at least the rows of the export, and reads no payloads", async () => {
    const compiled = compileQuery(
      ExportQuery.parse({
        tableName: "events",
        filter: [
          { type: "string", column: "input", operator: "contains", value: "a" },
          { type: "string", column: "userId", operator: "does not contain", value: "z" },
        ],
      }),
    );
    const { sql } = countPredicate(compiled, scope);
    expect(sql).not.toMatch(/e\.(input|output|metadata_values)\b/);
    expect(sql).toContain("e.user_id");
  });
});

describe("order", () => {
  const sortable = Object.entries(columnsByType)
    .filter(([type]) => type !== "arrayOptions" && type !== "stringObject")
    .flatMap(([, columns]) => columns.split(" "));
  it.each(sortable)("by %s is accepted both ways, keeps every row and is the same each time", async (column) => {
    for (const order of ["ASC", "DESC"] as const) {
      const found = await exportedIds({ orderBy: { column, order } });
      expect(found.toSorted()).toEqual(idsOf(rows));
      expect(await exportedIds({ orderBy: { column, order } })).toEqual(found);
    }
  });

  it("by latency puts rows without an end last in both directions", async () => {
    const hasEnd = new Map(rows.map((row) => [row.span_id, row.end_time !== null]));
    for (const order of ["ASC", "DESC"] as const) {
      const ends = (await exportedIds({ orderBy: { column: "latency", order } })).map((id) => hasEnd.get(id));
      expect(ends).toEqual(ends.toSorted((a, b) => Number(b) - Number(a)));
      expect(new Set(ends).size).toBe(2);
    }
  });

  it("without orderBy is newest first", async () => {
    const startOf = new Map(rows.map((row) => [row.span_id, row.start_time]));
    const starts = (await exportedIds({})).map((id) => startOf.get(id) ?? "");
    expect(starts).toEqual(starts.toSorted().toReversed());
  });
});
