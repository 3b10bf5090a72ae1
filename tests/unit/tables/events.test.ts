import { describe, expect, it } from "vitest";
import { compileQuery } from "../../../core/query/compile-query.ts";
import { ExportQuery } from "../../../core/query/export-query.ts";
import { describeFilters } from "../../../core/query/filters/compile-filter.ts";
import { events } from "../../../core/query/tables/events.ts";
import { tables } from "../../../core/query/tables/index.ts";
import type { ExportTable } from "../../../core/query/tables/table.ts";

describe("events", () => {
  it("exports the documented columns in the documented order", () => {
    expect(Object.keys(events.columns).join(" ")).toBe(
      "id traceId traceName type name startTime endTime completionStartTime environment version userId sessionId level statusMessage " +
        "promptName promptId promptVersion modelId providedModelName modelParameters usageDetails costDetails totalCost input output " +
        "metadata latencyMs timeToFirstTokenMs tags release parentObservationId",
    );
  });

  it("names the unit of every duration, and it is milliseconds", () => {
    const durations = Object.entries(events.columns).filter(([id]) => /latency|timeTo/i.test(id));
    expect(durations.map(([id, { unit }]) => [id, unit])).toEqual([
      ["latencyMs", "ms"],
      ["timeToFirstTokenMs", "ms"],
    ]);
  });

  it("exports selected columns in the order asked for", () => {
    const { selection } = compileQuery(ExportQuery.parse({ tableName: "events", columns: ["output", "id"] }));
    expect(selection.select.map(({ id }) => id)).toEqual(["output", "id"]);
  });

  it("offers `matches` on payloads only", () => {
    const offering = describeFilters(events).filter(({ filters }) => filters.some(({ operators }) => operators.includes("matches")));
    expect(offering.map(({ id }) => id)).toEqual(["input", "output", "metadata"]);
  });
});

describe.each<ExportTable>(Object.values(tables))("table $name", (table) => {
  it("has aliases that lead to a filter column and hide none", () => {
    for (const [alias, id] of Object.entries(table.aliases)) {
      expect(table.filters).toHaveProperty(id);
      expect(Object.keys(table.filters)).not.toContain(alias);
    }
  });

  it("describes every column in a sentence", () => {
    for (const column of Object.values(table.columns)) expect(column.description).toMatch(/^[A-Z].*\.$/);
  });
});

describe("order", () => {
  const orderOf = (orderBy: object | null) => {
    const { orderBy: order, ...compiled } = compileQuery(ExportQuery.parse({ tableName: "events", orderBy }));
    return { ...compiled, orderBy: order.sql };
  };
  const ties = (way: string) => `e.start_time ${way}, xxHash32(e.trace_id) ${way}, e.span_id ${way}, e.event_ts DESC`;

  it("is newest first by default, total, and along the sorting key", () => {
    expect(orderOf(null)).toMatchObject({ orderBy: ties("DESC"), followsSortingKey: true, isDescending: true });
  });

  it.each(["startTime", "timestamp"])("by %s follows the sorting key both ways", (column) => {
    expect(orderOf({ column, order: "ASC" })).toMatchObject({ orderBy: ties("ASC"), followsSortingKey: true, isDescending: false });
    expect(orderOf({ column, order: "DESC" })).toMatchObject({ orderBy: ties("DESC"), followsSortingKey: true });
  });

  it("by another column ends in the tie-breakers, absent values last", () => {
    expect(orderOf({ column: "name", order: "ASC" })).toMatchObject({
      orderBy: `e.name ASC NULLS LAST, ${ties("ASC")}`,
      followsSortingKey: false,
    });
  });
});
