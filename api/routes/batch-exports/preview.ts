/** POST /api/public/batch-exports/preview: shows the first rows of an export as its file would hold them. */

import { z } from "@hono/zod-openapi";
import { clickhouseErrorCodes } from "../../../core/engine-errors.ts";
import { AppError } from "../../../core/errors.ts";
import { checkExportRequest, exportQueryCodes } from "../../../core/exports/parse-request.ts";
import { CreateBatchExport } from "../../../core/exports/request.ts";
import { encodingOf } from "../../../core/query/describe-columns.ts";
import { formatNames } from "../../../core/query/formats/index.ts";
import { previewExport } from "../../../services/exports/preview-export.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { component, json, jsonRequest } from "../describe.ts";
import { Estimate, estimate } from "./estimate.ts";
import { requireTableScope } from "./table-scope.ts";

const rowsMax = 20;

const Preview = z
  .object({
    format: z.enum(formatNames),
    content: z
      .string()
      .nullable()
      .describe("The first rows as text of the file, without compression, ended as a file with these rows would end. Null for Parquet."),
    rows: z
      .array(z.record(z.string(), z.unknown()))
      .nullable()
      .describe(
        "Parquet: the rows as a reader would give them; 64-bit integers and decimals are strings of digits. Null for text formats.",
      ),
    rowCount: z.int().describe("At most 20; fewer if the file has fewer rows, or if they would have more than 4 MiB."),
    columns: z.array(
      z.object({
        id: z.string(),
        type: z.string(),
        encoding: z.string().describe("How this format writes the column."),
        nullable: z.boolean(),
        unit: z.string().nullable(),
      }),
    ),
    warnings: z.array(z.string()),
    estimate: z.union([Estimate, z.null()]).describe("Null if counting took too long; `warnings` then says so."),
  })
  .openapi("Preview");

const example = {
  format: "CSV",
  query: {
    tableName: "events",
    columns: ["startTime", "name", "level"],
    filter: [{ type: "stringOptions", column: "level", operator: "any of", value: ["ERROR"] }],
    orderBy: null,
  },
};

const route = keyRoute(
  {
    scopes: ["batchExports:create"],
    codes: [...exportQueryCodes, ...clickhouseErrorCodes, "HASHING_DISABLED", "COMMENT_FILTER_TOO_WIDE", "ANSWER_TOO_LARGE"],
    isMetered: true,
  },
  {
    method: "post",
    path: "/api/public/batch-exports/preview",
    operationId: "previewBatchExport",
    tags: ["Exports"],
    summary: "Preview an export",
    description:
      "Takes the body of a new export and shows its first 20 rows exactly as the file would hold them, with columns, warnings and estimate. Stores nothing. Privacy rules, formula protection and all other options apply.",
    request: { body: jsonRequest(component(CreateBatchExport, "CreateBatchExport"), example) },
    responses: { 200: json(Preview, "The first rows.") },
  },
);

type PreviewDeps = Pick<RouteDeps, "canHash" | "eventsTable" | "hashKeyOf" | "nowMs" | "openPreviewClickHouse" | "rowLimit">;

export const registerPreview = (app: App, deps: PreviewDeps): void => {
  app.openapi(route, async (c) => {
    const body = c.req.valid("json");
    const checked = checkExportRequest(body);
    requireTableScope(c.get("scopes"), body.query.tableName);
    if (checked.compiled.selection.hashes && !deps.canHash) throw new AppError({ code: "HASHING_DISABLED" });
    const { projectId } = c.get("actor");
    const engines = { db: c.get("db"), clickhouse: deps.openPreviewClickHouse() };
    const [preview, size] = await Promise.all([
      previewExport({ ...engines, physical: { events: deps.eventsTable }, hashKeyOf: deps.hashKeyOf }, body, {
        projectId,
        cutoff: new Date(deps.nowMs()).toISOString(),
        rowsMax: Math.min(rowsMax, deps.rowLimit, body.query.limit ?? rowsMax),
      }),
      estimate(c, deps, engines.clickhouse, { query: body.query, ...checked }).catch(unlessSlow),
    ]);
    return c.json(
      {
        format: body.format,
        content: preview.content,
        rows: preview.rows,
        rowCount: preview.rowCount,
        columns: preview.columns.map(({ id, kind, nullable, unit }) => ({
          id,
          type: kind,
          encoding: encodingOf(kind, body.format),
          nullable,
          unit: unit ?? null,
        })),
        warnings: [
          ...checked.warnings,
          ...preview.warnings,
          ...(size === null ? ["Counting the rows took too long, so there is no estimate."] : []),
        ],
        estimate: size,
      },
      200,
    );
  });
};

/** The rows are worth showing without an estimate. */
const unlessSlow = (error: unknown): null => {
  if (error instanceof AppError && error.code === "CLICKHOUSE_RESOURCES") return null;
  throw error;
};
