/** Cursor pages, newest first. The cursor names the last row of the previous page. */
import { z } from "@hono/zod-openapi";
import { AppError } from "../../core/errors.ts";
import { isStorableInstant } from "../../core/storable.ts";
import { Id } from "./describe.ts";

const Cursor = z.strictObject({ at: z.iso.datetime().refine(isStorableInstant), id: Id });

export const CursorQuery = { limit: z.coerce.number().int().min(1).max(100).default(50), cursor: z.string().max(500).optional() };

export const decodeCursor = (cursor: string): { createdAt: Date; id: string } => {
  try {
    const { at, id } = Cursor.parse(JSON.parse(atob(cursor)));
    return { createdAt: new Date(at), id };
  } catch (cause) {
    throw new AppError({ code: "INVALID_CURSOR", fields: [{ path: "cursor", message: "Not a cursor of this list." }], cause });
  }
};

/** Expects rows that were read with limit + 1, so that the extra row shows whether there is another page. */
export const pageOf = <Row extends { createdAt: Date; id: string }>(
  rows: readonly Row[],
  limit: number,
): { page: Row[]; nextCursor: string | null } => {
  const page = rows.slice(0, limit);
  return { page, nextCursor: rows.length > limit ? cursorAfter(page) : null };
};

/** Returns the cursor of the page after these rows. */
export const cursorAfter = (rows: readonly { createdAt: Date; id: string }[]): string | null => {
  const last = rows.at(-1);
  return last === undefined ? null : btoa(JSON.stringify({ at: last.createdAt.toISOString(), id: last.id }));
};
