/**
 * Parameters and responses of the listings, with numbered pages as Langfuse's SDKs use them. Unknown parameters are ignored; invalid values
 * are refused.
 */

import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { clickhouseErrorCodes } from "../../core/engine-errors.ts";
import { AppError, type ErrorCode } from "../../core/errors.ts";
import { compileRead, type ReadOrder, type ReadParameter, type ReadQuery } from "../../core/query/compile-read.ts";
import type { ExportTable } from "../../core/query/tables/table.ts";
import { WellFormedText } from "../../core/well-formed-text.ts";
import { answerCommentFilters } from "../../services/comments/answer-comment-filters.ts";
import { joinPieces, type Piece } from "../../services/traces/answer.ts";
import type { AppEnv } from "../deps.ts";
import { keyRoute } from "./declare-route.ts";
import { json } from "./describe.ts";

/** An empty parameter counts as not sent. */
const optional = <S extends z.ZodType>(schema: S) => z.preprocess((sent) => (sent === "" ? undefined : sent), schema.optional());

export const text = optional(WellFormedText);
export const oneOf = <const T extends readonly [string, ...string[]]>(values: T) => optional(z.enum(values));
export const instant = optional(z.iso.datetime({ offset: true })).openapi({ type: "string", format: "date-time" });
export const number = optional(z.coerce.number());

const split = (list: string) => list.split(",").map((part) => part.trim());
const parts = (sent: string | string[] | undefined) =>
  (typeof sent === "string" ? split(sent) : (sent ?? [])).filter((part) => part !== "");

/** Accepts repeated parameters, or one with commas. */
export const list = z
  .union([WellFormedText, z.array(WellFormedText)])
  .optional()
  .transform(parts)
  .openapi({ type: "array", items: { type: "string" } });
/** Accepts one parameter with commas. */
export const csv = WellFormedText.optional()
  .transform((sent) => parts(sent))
  .openapi({ type: "string" });

export const pageLimit = ({ min, max }: { min: number; max: number }) =>
  z.preprocess((sent) => (sent === "" ? undefined : sent), z.coerce.number().int().min(min).max(max).default(50));

export const PageNumbers = {
  page: z.preprocess((sent) => (sent === "" ? undefined : sent), z.coerce.number().int().min(1).max(1_000_000_000).default(1)),
  limit: pageLimit({ min: 1, max: 100 }),
};

/** The `fields` parameter: the requested groups, or those of `byDefault` if it is not sent. */
export const fieldGroups = <const T extends readonly [string, ...string[]]>(groups: T, byDefault: readonly T[number][] = groups) =>
  csv
    .pipe(z.array(z.enum(groups, { error: `one of ${groups.join(", ")}` })))
    .transform((asked): ReadonlySet<T[number]> => new Set<T[number]>(asked.length === 0 ? byDefault : asked))
    .openapi({
      type: "string",
      description: `Comma-separated field groups: ${groups.join(", ")}. Default: ${byDefault.length === groups.length ? "all" : byDefault.join(", ")}.`,
    });

const filterList = text
  .transform((sent, context): unknown[] => {
    if (sent === undefined) return [];
    try {
      const filters: unknown = JSON.parse(sent);
      if (Array.isArray(filters)) return filters;
    } catch {
      // Refused below, like JSON that is not an array.
    }
    context.addIssue({ code: "custom", message: "must be a JSON array of filters" });
    return z.NEVER;
  })
  .openapi({
    type: "string",
    description: "JSON array of filters, as in exports (GET /api/public/export-tables/{table}). Combined with the other parameters by AND.",
  });

export const orderBy = text
  .transform((sent, context): ReadOrder => {
    if (sent === undefined) return null;
    const [, column = "", direction = ""] = /^(.+)\.(asc|desc)$/i.exec(sent) ?? [];
    if (column !== "") return { column, order: direction.toLowerCase() === "asc" ? "ASC" : "DESC" };
    context.addIssue({ code: "custom", message: "must be a column and a direction, such as timestamp.asc" });
    return z.NEVER;
  })
  .openapi({ type: "string", description: "Column and direction, such as `timestamp.asc`. Default: newest first." });

/** One parameter of a listing: its schema, and the filters it stands for. Faults name the parameter. */
type Parameter<S extends z.ZodType = z.ZodType> = { schema: S; filters(name: string, sent: z.output<S>): ReadParameter[] };
type Parameters = Record<string, Parameter>;

export const equals = <S extends z.ZodType<string | undefined>>(schema: S): Parameter<S> => ({
  schema,
  filters: (name, value) => (value === undefined ? [] : [{ name, filter: { type: "string", column: name, operator: "=", value } }]),
});

const ofList =
  (type: string, operator: string) =>
  <S extends z.ZodType<string[]>>(schema: S, column?: string): Parameter<S> => ({
    schema,
    filters: (name, value) => (value.length === 0 ? [] : [{ name, filter: { type, column: column ?? name, operator, value } }]),
  });
export const anyOf = ofList("stringOptions", "any of");
export const allOf = ofList("arrayOptions", "all of");

export const flag: Parameter<z.ZodType<"true" | "false" | undefined>> = {
  schema: oneOf(["true", "false"]),
  filters: (name, sent) =>
    sent === undefined ? [] : [{ name, filter: { type: "boolean", column: name, operator: "=", value: sent === "true" } }],
};

const bound = (operator: string) => (column: string) => ({
  schema: instant,
  filters: (name: string, value: string | undefined): ReadParameter[] =>
    value === undefined ? [] : [{ name, filter: { type: "datetime", column, operator, value } }],
});
export const since = bound(">=");
export const before = bound("<");

/** Applies the parameter to the trace of a row instead of the row. */
export const ofTrace = <S extends z.ZodType>({ schema, filters }: Parameter<S>): Parameter<S> => ({
  schema,
  filters: (name, sent) => filters(name, sent).map((one) => ({ ...one, isOfTrace: true })),
});

/** Filters of a listing: its own parameters, and `filter` in the filter language. */
export const filterParameters = <P extends Parameters>(parameters: P) => ({
  ...(Object.fromEntries(Object.entries(parameters).map(([name, { schema }]) => [name, schema])) as { [K in keyof P]: P[K]["schema"] }),
  filter: filterList,
});

/** `filterParameters` with the parameters of numbered pages. */
export const listingQuery = <P extends Parameters>(parameters: P) => ({ ...PageNumbers, ...filterParameters(parameters) });

export const filtersOf = <P extends Parameters>(
  parameters: P,
  asked: { [K in keyof P]?: z.output<P[K]["schema"]> | undefined },
): ReadParameter[] => Object.entries(parameters).flatMap(([name, { filters }]) => filters(name, asked[name]));

/** Error codes of filters on tables whose rows have comments. */
export const filterCodes = ["INVALID_FILTER", "COMMENT_FILTER_TOO_WIDE"] as const satisfies readonly ErrorCode[];
/** Error codes of responses with payloads, which ClickHouse writes. */
export const documentCodes = ["ANSWER_TOO_LARGE", ...clickhouseErrorCodes] as const satisfies readonly ErrorCode[];

/** Compiles the query and resolves its comment filters. */
export const readQuery = (
  c: Context<AppEnv>,
  table: ExportTable,
  asked: { filter: readonly unknown[]; parameters: readonly ReadParameter[]; orderBy: ReadOrder },
): Promise<ReadQuery> =>
  answerCommentFilters(c.get("db"), compileRead(table, asked), { projectId: c.get("actor").projectId, cutoff: "infinity" });

const PageMeta = z.object({ page: z.int(), limit: z.int(), totalItems: z.int(), totalPages: z.int() }).openapi("PageMeta");

/** Declares the route of a listing that returns a page of `item`. */
export const pageRoute = <const Path extends string, Query extends z.ZodObject, Item extends z.ZodType>(
  path: Path,
  {
    query,
    item,
    page,
    codes,
    example,
    ...about
  }: {
    query: Query;
    item: Item;
    page: string;
    codes: readonly ErrorCode[];
    example?: unknown;
    operationId: string;
    tags: string[];
    summary: string;
    description?: string;
  },
) =>
  keyRoute(
    { scopes: ["traces:read"], codes },
    {
      method: "get",
      path,
      ...about,
      request: { query },
      responses: { 200: json(z.object({ data: z.array(item), meta: PageMeta }).openapi(page), "A page.", example) },
    },
  );

export const metaOf = ({ page, limit }: { page: number; limit: number }, totalItems: number): z.infer<typeof PageMeta> => ({
  page,
  limit,
  totalItems,
  totalPages: Math.ceil(totalItems / limit),
});

/** Streams a page of documents. */
export const pageAnswer = (
  c: Context<AppEnv>,
  asked: { page: number; limit: number },
  { totalItems }: { totalItems: number },
  documents: readonly Piece[],
): Response => documentAnswer(c, ['{"data":[', ...documents, `],"meta":${JSON.stringify(metaOf(asked, totalItems))}}`]);

/** Streams JSON made of pieces. Throws NOT_FOUND if there are none. */
export const documentAnswer = (c: Context<AppEnv>, pieces: readonly Piece[] = []): Response => {
  if (pieces.length === 0) throw new AppError({ code: "NOT_FOUND" });
  return c.body(joinPieces(pieces), 200, { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" });
};
