/** /api/public/export-tables: what can be exported, filtered and ordered, derived from the table registry, and looks into the tables. */

import { z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { schemaVersion } from "../../../core/exports/manifest.ts";
import { isSortable } from "../../../core/query/compile-query.ts";
import { describeColumns, encodingOf } from "../../../core/query/describe-columns.ts";
import { searchTypes } from "../../../core/query/export-query.ts";
import { describeFilters } from "../../../core/query/filters/compile-filter.ts";
import { formatNames } from "../../../core/query/formats/index.ts";
import { findTable, tables } from "../../../core/query/tables/index.ts";
import type { ExportTable } from "../../../core/query/tables/table.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json } from "../describe.ts";
import { registerHistogram } from "./histogram.ts";
import { registerRows } from "./rows.ts";
import { registerValues } from "./values.ts";

const TableSummary = z.object({ name: z.string(), description: z.string() }).openapi("ExportTableSummary");
const Table = TableSummary.extend({
  schemaVersion: z.int(),
  formats: z.array(z.string()),
  searchTypes: z.array(z.string()),
  timeColumn: z.string().describe("Column of time, also in filters: an export holds the rows from before its creation by it."),
  columns: z.array(
    z.object({ id: z.string(), type: z.string(), nullable: z.boolean(), unit: z.string().nullable(), description: z.string() }),
  ),
  filters: z.array(
    z.object({
      id: z.string(),
      type: z.string(),
      aliases: z.array(z.string()),
      isSortable: z.boolean(),
      filters: z.array(z.object({ type: z.string(), operators: z.array(z.string()) })),
    }),
  ),
}).openapi("ExportTable");

const listRoute = keyRoute(
  { scopes: ["batchExports:read", "traces:read"], codes: [] },
  {
    method: "get",
    path: "/api/public/export-tables",
    operationId: "listExportTables",
    tags: ["Tables"],
    summary: "List the tables that can be exported",
    responses: { 200: json(z.object({ data: z.array(TableSummary) }).openapi("ExportTableList"), "The tables.") },
  },
);

const getRoute = keyRoute(
  { scopes: ["batchExports:read", "traces:read"], codes: ["NOT_FOUND"] },
  {
    method: "get",
    path: "/api/public/export-tables/{table}",
    operationId: "getExportTable",
    tags: ["Tables"],
    summary: "Show columns, filters and operators of a table",
    request: { params: z.object({ table: z.string() }) },
    responses: { 200: json(Table, "The table.") },
  },
);

const Schema = z
  .object({
    table: z.string(),
    format: z.enum(formatNames),
    schemaVersion: z.int(),
    columns: z.array(
      z.object({ id: z.string(), type: z.string(), encoding: z.string(), nullable: z.boolean(), unit: z.string().nullable() }),
    ),
  })
  .openapi("ExportSchema");

const schemaRoute = keyRoute(
  { scopes: ["batchExports:read", "traces:read"], codes: ["NOT_FOUND"] },
  {
    method: "get",
    path: "/api/public/export-tables/{table}/schema/{format}",
    operationId: "getExportSchema",
    tags: ["Tables"],
    summary: "Show how a format writes the columns of a table",
    request: { params: z.object({ table: z.string(), format: z.enum(formatNames) }) },
    responses: { 200: json(Schema, "The schema.") },
  },
);

const isSortableId = (table: ExportTable, id: string): boolean => {
  const column = table.filters[id];
  return column !== undefined && isSortable(table, column);
};

type TableDeps = Pick<RouteDeps, "answers" | "eventsTable" | "nowMs" | "openPreviewClickHouse">;

export const registerExportTables = (app: App, deps: TableDeps): void => {
  registerRows(app, deps);
  registerHistogram(app, deps);
  registerValues(app, deps);
  app.openapi(listRoute, (c) =>
    c.json({ data: Object.values<ExportTable>(tables).map(({ name, description }) => ({ name, description })) }, 200),
  );
  const load = (name: string): ExportTable => {
    const table = findTable(name);
    if (table === undefined) throw new AppError({ code: "NOT_FOUND", message: "There is no such table." });
    return table;
  };
  app.openapi(schemaRoute, (c) => {
    const { table, format } = c.req.valid("param");
    const columns = describeColumns(load(table)).map(({ id, type, nullable, unit }) => ({
      id,
      type,
      encoding: encodingOf(type, format),
      nullable,
      unit,
    }));
    return c.json({ table, format, schemaVersion, columns }, 200);
  });
  app.openapi(getRoute, (c) => {
    const table = load(c.req.valid("param").table);
    return c.json(
      {
        name: table.name,
        description: table.description,
        schemaVersion,
        formats: [...formatNames],
        searchTypes: table.searchContent === null ? ["id"] : [...searchTypes],
        timeColumn: table.timeColumn,
        columns: describeColumns(table),
        filters: describeFilters(table).map((filter) => ({
          ...filter,
          isSortable: isSortableId(table, filter.id),
        })),
      },
      200,
    );
  });
};
