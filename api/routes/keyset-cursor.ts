/**
 * Keyset cursors of listings: the sort values of the last row of a page. The next page begins after them, whatever was written meanwhile.
 */

import { z } from "@hono/zod-openapi";
import { AppError } from "../../core/errors.ts";
import { WellFormedText } from "../../core/well-formed-text.ts";
import type { KeysetPosition } from "../../services/traces/page.ts";

const CursorContent = z.strictObject({
  // 17 digits hold any DateTime64 in microseconds.
  at: z.string().regex(/^-?\d{1,17}$/),
  hash: z.int().min(0).max(4_294_967_295),
  id: WellFormedText,
}) satisfies z.ZodType<KeysetPosition>;

/** Encodes as base64url of UTF-8, because ids may use any alphabet. */
const encodeKeysetCursor = (position: KeysetPosition): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(position))))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");

/** Throws INVALID_CURSOR. */
export const decodeKeysetCursor = (cursor: string): KeysetPosition => {
  try {
    const bytes = Uint8Array.from(atob(cursor.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
    return CursorContent.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes)));
  } catch (cause) {
    throw new AppError({ code: "INVALID_CURSOR", fields: [{ path: "cursor", message: "Not a cursor of this list." }], cause });
  }
};

/** Returns the last field of the response, or nothing if there are no more rows. */
export const cursorOf = (next: KeysetPosition | undefined): { cursor?: string } =>
  next === undefined ? {} : { cursor: encodeKeysetCursor(next) };
