/** POST /api/public/export-tables/{table}/rows: reads the rows of a table in pages, as an export of the same query holds them. */

import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { AppError } from "../../../core/errors.ts";
import { describeColumns } from "../../../core/query/describe-columns.ts";
import { ExportQuery } from "../../../core/query/export-query.ts";
import { findFilterColumn } from "../../../core/query/filters/compile-filter.ts";
import type { ExportTable } from "../../../core/query/tables/table.ts";
import { listRows } from "../../../services/exports/list-rows.ts";
import type { App, AppEnv, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json, jsonRequest } from "../describe.ts";
import { decodeRowsCursor, digestOf, encodeRowsCursor } from "./rows-cursor.ts";
import { canReadComments, checkQuery, loadTable, lookCodes, lookScopes, RowFilter, scopesSentence, TableParam } from "./table-query.ts";

const { orderBy, columns, scores } = ExportQuery.shape;

const RowsRequest = z
  .strictObject({
    ...RowFilter,
    orderBy: orderBy.describe("Column and direction, as for an export. Null: newest first. Missing values come last."),
    columns: columns.describe("Columns by id. Default: all of the table, without comments if the key may not read them."),
    scores: scores.unwrap().default("nested").describe("The column `scores`: one list, one column for each name, or none."),
    limit: z.int().min(1).max(100).default(50).describe("Largest number of rows."),
    cursor: z
      .string()
      .max(40_000)
      .optional()
      .describe("`nextCursor` of the page before, unchanged, with the same filter, search and order."),
    textMax: z
      .int()
      .min(1)
      .max(1_000_000)
      .nullable()
      .default(500)
      .describe("Characters beyond which a cell is cut. Null cuts nothing, and needs a filter on the ids of the rows."),
  })
  .openapi("TableRowsRequest");

const Row = z
  .object({
    id: z.string().describe("Id of the row."),
    values: z
      .record(z.string(), z.unknown())
      .describe(
        "Cells by column, as in a JSON file with `embed: false`: instants are ISO 8601 UTC, decimals and 64-bit integers strings of digits.",
      ),
    cut: z
      .record(z.string(), z.int())
      .describe("Full length in characters of each cell that was cut. A list or map counts all of its texts."),
  })
  .openapi("TableRow");

const RowsPage = z
  .object({
    columns: z.array(
      z.object({
        id: z.string().describe("Key of the column in `values`."),
        type: z.string().describe("Type, as in the description of the table."),
        nullable: z.boolean().describe("Whether a cell can be null."),
        unit: z.string().nullable().describe("Unit of the numbers, such as `ms`."),
      }),
    ),
    rows: z.array(Row).describe("The rows, in order."),
    nextCursor: z.string().nullable().describe("Cursor of the next page; null if this is the last."),
  })
  .openapi("TableRowsPage");

const example = {
  filter: [{ type: "stringOptions", column: "level", operator: "any of", value: ["ERROR"] }],
  columns: ["startTime", "name", "level", "input"],
  limit: 20,
};

const route = keyRoute(
  { scopes: lookScopes, codes: [...lookCodes, "INVALID_ORDER_BY", "INVALID_COLUMNS", "INVALID_CURSOR", "ANSWER_TOO_LARGE"] },
  {
    method: "post",
    path: "/api/public/export-tables/{table}/rows",
    operationId: "listTableRows",
    tags: ["Tables"],
    summary: "Read the rows of a table",
    description: `Reads the rows that an export of the same query would hold, in its order, page by page. Each row is there once, in its newest version; rows that arrive while you page neither repeat nor skip others. Long cells are cut at \`textMax\` characters. For one whole row, filter by its id with \`textMax: null\`. Texts are ordered by their first 4,096 bytes. ${scopesSentence} ClickHouse ends a query that takes too long, with CLICKHOUSE_RESOURCES.`,
    request: { params: TableParam, body: jsonRequest(RowsRequest, example) },
    responses: { 200: json(RowsPage, "A page of rows.") },
  },
);

/** The Worker holds a page as text, beside other requests in 128 MB. */
const heldBytesMax = 16 * 1024 * 1024;

type RowsDeps = Pick<RouteDeps, "answers" | "eventsTable" | "nowMs" | "openPreviewClickHouse">;

export const registerRows = (app: App, deps: RowsDeps): void => {
  app.openapi(route, async (c) => {
    const table = loadTable(c, c.req.valid("param").table);
    const { limit, cursor, textMax, ...asked } = c.req.valid("json");
    if (textMax === null) assertNamesIds(table, asked.filter ?? []);
    const query = ExportQuery.parse({ ...asked, columns: asked.columns ?? readableColumns(c, table), tableName: table.name });
    checkQuery(c, query);
    const { projectId } = c.get("actor");
    const digest = await digestOf(projectId, query);
    const page = await listRows(
      { db: c.get("db"), clickhouse: deps.openPreviewClickHouse(), physical: { events: deps.eventsTable } },
      query,
      {
        projectId,
        cutoff: new Date(deps.nowMs()).toISOString(),
        limit,
        after: cursor === undefined ? null : decodeRowsCursor(digest, cursor),
        charactersMax: textMax,
        bytesMax: Math.min(deps.answers.bytesMax, heldBytesMax),
      },
    );
    const shown = page.columns.map(({ id, kind, nullable, unit }) => ({ id, type: kind, nullable, unit: unit ?? null }));
    const nextCursor = page.next === null ? null : encodeRowsCursor(digest, page.next);
    // The rows are passed on as ClickHouse wrote them, so that no digit is lost.
    const text = `{"columns":${JSON.stringify(shown)},"rows":[${page.rowsJson}],"nextCursor":${JSON.stringify(nextCursor)}}`;
    return c.body(text, 200, { "content-type": "application/json" }) as never;
  });
};

/** All columns, without comments that the caller may not read. */
const readableColumns = (c: Context<AppEnv>, table: ExportTable): string[] =>
  describeColumns(table)
    .map(({ id }) => id)
    .filter((id) => id !== "comments" || canReadComments(c));

/** Whole cells are read of a few rows only. Throws INVALID_REQUEST. */
const assertNamesIds = (table: ExportTable, filter: readonly unknown[]): void => {
  const named = filter.some((one) => {
    const { success, data } = NamesIds.safeParse(one);
    return success && findFilterColumn(table, data.column)?.sql === table.id;
  });
  if (!named)
    throw new AppError({
      code: "INVALID_REQUEST",
      fields: [{ path: "textMax", message: "null needs a filter on the id of the rows: operator `=`, or `any of` with at most 100 ids." }],
    });
};

const NamesIds = z.union([
  z.object({ column: z.string(), operator: z.literal("="), value: z.string() }),
  z.object({ column: z.string(), operator: z.literal("any of"), value: z.array(z.string()).max(100) }),
]);
