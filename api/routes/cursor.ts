/** Cursor pages: newest first, the cursor names the last row of the page before. */
import { z } from "@hono/zod-openapi";
import { AppError } from "../../core/errors.ts";

const Cursor = z.strictObject({ at: z.iso.datetime(), id: z.string() });

export const CursorQuery = { limit: z.coerce.number().int().min(1).max(100).default(50), cursor: z.string().max(500).optional() };

export const decodeCursor = (cursor: string): { createdAt: Date; id: string } => {
  try {
    const { at, id } = Cursor.parse(JSON.parse(atob(cursor)));
    return { createdAt: new Date(at), id };
  } catch (cause) {
    throw new AppError({ code: "INVALID_CURSOR", fields: [{ path: "cursor", message: "Not a cursor of this list." }], cause });
  }
};

/** Rows were asked for with one more than the limit: it tells whether there is another page. */
export const pageOf = <Row extends { createdAt: Date; id: string }>(
  rows: readonly Row[],
  limit: number,
): { page: Row[]; nextCursor: string | null } => {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    page,
    nextCursor: rows.length > limit && last !== undefined ? btoa(JSON.stringify({ at: last.createdAt.toISOString(), id: last.id })) : null,
  };
};
