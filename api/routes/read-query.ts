/** Parameters and answers of the listings that read back: pages by number, as Langfuse's SDKs ask for them. Unknown parameters are ignored, wrong values are not. */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { AppError } from "../../core/errors.ts";
import { anyString } from "../../core/filters/operators.ts";
import { compileRead, type ReadOrder, type ReadParameter, type ReadQuery } from "../../core/read/compile-read.ts";
import type { ExportTable } from "../../core/tables/table.ts";
import { joinPieces, type Piece } from "../../db/clickhouse/read/answer.ts";
import type { PageFound } from "../../db/clickhouse/read/page.ts";
import { answerCommentFilters } from "../../db/queries/comments.ts";
import type { AppEnv } from "../deps.ts";

/** A parameter sent empty is one that was not sent. */
const optional = <S extends z.ZodType>(schema: S) => z.preprocess((sent) => (sent === "" ? undefined : sent), schema.optional());

export const text = optional(anyString);
export const oneOf = <const T extends readonly [string, ...string[]]>(values: T) => optional(z.enum(values));
export const instant = optional(z.iso.datetime({ offset: true })).openapi({ type: "string", format: "date-time" });
export const number = optional(z.coerce.number());

const split = (list: string) => list.split(",").map((part) => part.trim());
const parts = (sent: string | string[] | undefined) =>
  (typeof sent === "string" ? split(sent) : (sent ?? [])).filter((part) => part !== "");

/** Sent several times, or once with commas. */
export const list = z
  .union([anyString, z.array(anyString)])
  .optional()
  .transform(parts)
  .openapi({ type: "array", items: { type: "string" } });
/** Sent once, with commas. */
export const csv = anyString
  .optional()
  .transform((sent) => parts(sent))
  .openapi({ type: "string" });

export const PageNumbers = {
  page: z.preprocess((sent) => (sent === "" ? undefined : sent), z.coerce.number().int().min(1).max(1_000_000_000).default(1)),
  limit: z.preprocess((sent) => (sent === "" ? undefined : sent), z.coerce.number().int().min(1).max(100).default(50)),
};

/** `fields`: the groups that are asked for; all of them where none is. */
export const fieldGroups = <const T extends readonly [string, ...string[]]>(groups: T) =>
  csv
    .pipe(z.array(z.enum(groups, { error: `one of ${groups.join(", ")}` })))
    .transform((asked): ReadonlySet<T[number]> => new Set<T[number]>(asked.length === 0 ? groups : asked))
    .openapi({ type: "string", description: `Groups of fields, with commas: ${groups.join(", ")}. All by default.` });

export const filterList = text
  .transform((sent, context): unknown[] => {
    if (sent === undefined) return [];
    try {
      const filters: unknown = JSON.parse(sent);
      if (Array.isArray(filters)) return filters;
    } catch {
      // The same as JSON that is no list.
    }
    context.addIssue({ code: "custom", message: "must be a JSON array of filters" });
    return z.NEVER;
  })
  .openapi({
    type: "string",
    description: "JSON array of filters, as in exports (GET /api/public/export-tables/{table}); AND-ed with the other parameters.",
  });

export const orderBy = text
  .transform((sent, context): ReadOrder => {
    if (sent === undefined) return null;
    const [, column = "", direction = ""] = /^(.+)\.(asc|desc)$/i.exec(sent) ?? [];
    if (column !== "") return { column, order: direction.toLowerCase() === "asc" ? "ASC" : "DESC" };
    context.addIssue({ code: "custom", message: "must be a column and a direction, such as timestamp.asc" });
    return z.NEVER;
  })
  .openapi({ type: "string", description: "Column and direction, such as `timestamp.asc`. Newest first by default." });

/** Filters of the parameters that were sent, each under its own name. */
export const parameter = (name: string, sent: string | undefined, column = name): ReadParameter[] =>
  sent === undefined ? [] : [{ name, filter: { type: "string", column, operator: "=", value: sent } }];
export const anyOf = (name: string, sent: readonly string[], column = name): ReadParameter[] =>
  sent.length === 0 ? [] : [{ name, filter: { type: "stringOptions", column, operator: "any of", value: sent } }];
export const allOf = (name: string, sent: readonly string[], column = name): ReadParameter[] =>
  sent.length === 0 ? [] : [{ name, filter: { type: "arrayOptions", column, operator: "all of", value: sent } }];
export const since = (name: string, sent: string | undefined, column: string): ReadParameter[] =>
  sent === undefined ? [] : [{ name, filter: { type: "datetime", column, operator: ">=", value: sent } }];
export const before = (name: string, sent: string | undefined, column: string): ReadParameter[] =>
  sent === undefined ? [] : [{ name, filter: { type: "datetime", column, operator: "<", value: sent } }];

/** What the trace of a row says of itself. */
export const ofTrace = (parameters: readonly ReadParameter[]): ReadParameter[] => parameters.map((one) => ({ ...one, isOfTrace: true }));

/** The query with its filters on comments answered. */
export const readQuery = (
  c: Context<AppEnv>,
  table: ExportTable,
  asked: { filter: readonly unknown[]; parameters: readonly ReadParameter[]; orderBy: ReadOrder },
): Promise<ReadQuery> =>
  answerCommentFilters(c.get("db"), compileRead(table, asked), { projectId: c.get("actor").projectId, cutoff: "infinity" });

export const PageMeta = z.object({ page: z.int(), limit: z.int(), totalItems: z.int(), totalPages: z.int() }).openapi("PageMeta");

export const metaOf = ({ page, limit }: { page: number; limit: number }, totalItems: number): z.infer<typeof PageMeta> => ({
  page,
  limit,
  totalItems,
  totalPages: Math.ceil(totalItems / limit),
});

/** A page whose documents are on their way. */
export const pageAnswer = (
  c: Context<AppEnv>,
  asked: { page: number; limit: number },
  { totalItems }: PageFound,
  documents: readonly Piece[],
): Response => documentAnswer(c, ['{"data":[', ...documents, `],"meta":${JSON.stringify(metaOf(asked, totalItems))}}`]);

/** JSON put together from pieces; NOT_FOUND where there are none. */
export const documentAnswer = (c: Context<AppEnv>, pieces: readonly Piece[] | undefined): Response => {
  if (pieces === undefined) throw new AppError({ code: "NOT_FOUND" });
  return c.body(joinPieces(pieces), 200, { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" });
};
