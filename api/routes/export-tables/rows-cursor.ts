/** Cursors of table pages: the place of the last row, and a digest of the query whose order it is a place in. */
import { z } from "@hono/zod-openapi";
import { fromBase64, toBase64 } from "../../../core/byte-text.ts";
import { canonicalJson } from "../../../core/canonical-json.ts";
import { AppError } from "../../../core/errors.ts";
import type { ExportQuery } from "../../../core/query/export-query.ts";
import { RowPosition } from "../../../core/query/keyset-order.ts";
import { sha256Hex } from "../../../core/sha256-hex.ts";

const Content = z.strictObject({ query: z.string(), ...RowPosition.shape });

/** Digest of what decides which rows there are and in which order; columns may change between pages. */
export const digestOf = async (projectId: string, { tableName, filter, searchQuery, searchType, orderBy }: ExportQuery): Promise<string> =>
  (
    await sha256Hex(canonicalJson({ projectId, tableName, filter: filter ?? [], searchQuery: searchQuery ?? "", searchType, orderBy }))
  ).slice(0, 32);

/** Encodes as base64url of JSON in ASCII. */
export const encodeRowsCursor = (query: string, position: RowPosition): string =>
  toBase64(new TextEncoder().encode(JSON.stringify({ query, ...position })))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");

/** Throws INVALID_CURSOR for anything but a cursor of this query. */
export const decodeRowsCursor = (query: string, cursor: string): RowPosition => {
  const content = parse(cursor);
  if (content === undefined) throw refusal("Not a cursor of this list.");
  const { query: asked, ...position } = content;
  if (asked !== query)
    throw refusal("This cursor belongs to another query: filter, search and order must stay the same from page to page.");
  return position;
};

const refusal = (message: string): AppError => new AppError({ code: "INVALID_CURSOR", fields: [{ path: "cursor", message }] });

const parse = (cursor: string): z.infer<typeof Content> | undefined => {
  const bytes = fromBase64(cursor);
  if (bytes === undefined) return undefined;
  try {
    return Content.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    // Text that is not JSON is no cursor either.
    return undefined;
  }
};
