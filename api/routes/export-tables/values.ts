/** POST /api/public/export-tables/{table}/values: lists the values of a column, as suggestions for a filter. */

import { z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { earliest } from "../../../core/query/earliest.ts";
import { ExportQuery } from "../../../core/query/export-query.ts";
import { findFilterColumn } from "../../../core/query/filters/compile-filter.ts";
import type { ExportTable, FilterColumn } from "../../../core/query/tables/table.ts";
import { WellFormedText } from "../../../core/well-formed-text.ts";
import { listValues } from "../../../services/exports/list-values.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json, jsonRequest } from "../describe.ts";
import { checkQuery, loadTable, lookCodes, lookScopes, RowFilter, scopesSentence, TableParam } from "./table-query.ts";

const ValuesRequest = z
  .strictObject({
    column: z.string().max(100).describe("A filter column of the type string, stringOptions or arrayOptions that holds no payload."),
    filter: RowFilter.filter,
    prefix: WellFormedText.max(200).default("").describe("Start of the values, whatever its case."),
    limit: z.int().min(1).max(100).default(50).describe("Largest number of values."),
  })
  .openapi("TableValuesRequest");

const Values = z
  .object({
    values: z
      .array(z.object({ value: z.string().describe("The value; never empty."), count: z.int().describe("Rows that have it.") }))
      .describe("Most frequent first."),
    isComplete: z.boolean().describe("False if there are more values, or some longer than 1,000 bytes or not UTF-8, which are left out."),
  })
  .openapi("TableValues");

const example = { column: "name", filter: [], prefix: "a", limit: 20 };

const route = keyRoute(
  { scopes: lookScopes, codes: lookCodes },
  {
    method: "post",
    path: "/api/public/export-tables/{table}/values",
    operationId: "listTableValues",
    tags: ["Tables"],
    summary: "List the values of a column",
    description: `Suggestions for a filter: the values that a column has in the rows of a filter, each with the number of these rows. A filter on the table's time makes it faster. ${scopesSentence}`,
    request: { params: TableParam, body: jsonRequest(ValuesRequest, example) },
    responses: { 200: json(Values, "The values.") },
  },
);

export const registerValues = (app: App, deps: Pick<RouteDeps, "eventsTable" | "nowMs" | "openPreviewClickHouse">): void => {
  app.openapi(route, async (c) => {
    const table = loadTable(c, c.req.valid("param").table);
    const { column, filter, prefix, limit } = c.req.valid("json");
    const known = suggestible(table, column);
    const query = ExportQuery.parse({ filter, columns: ["id"], tableName: table.name });
    checkQuery(c, query);
    const values = await listValues(
      { db: c.get("db"), clickhouse: deps.openPreviewClickHouse(), physical: { events: deps.eventsTable } },
      query,
      {
        projectId: c.get("actor").projectId,
        start: earliest(filter ?? [], table)?.toISOString() ?? null,
        end: new Date(deps.nowMs()).toISOString(),
      },
      { column: known, prefix, limit },
    );
    return c.json(values, 200);
  });
};

/** Throws INVALID_REQUEST for a column without texts that could be suggested. */
const suggestible = (table: ExportTable, id: string): FilterColumn => {
  const column = findFilterColumn(table, id);
  const isText = column?.type === "string" || column?.type === "stringOptions" || column?.type === "arrayOptions";
  if (column !== undefined && isText && column.readsContent !== true && column.comment === undefined) return column;
  throw new AppError({
    code: "INVALID_REQUEST",
    fields: [{ path: "column", message: `Table ${table.name} has no filter column ${JSON.stringify(id)} with texts to suggest.` }],
  });
};
