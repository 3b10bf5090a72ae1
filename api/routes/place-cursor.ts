/** Cursors of listings that read back: the place of the last row of a page, so that the next one begins behind it, whatever came meanwhile. */

import { z } from "@hono/zod-openapi";
import { AppError } from "../../core/errors.ts";
import { WellFormedText } from "../../core/well-formed-text.ts";
import type { RowPlace } from "../../services/traces/page.ts";

const Place = z.strictObject({
  // 17 digits: what DateTime64 with microseconds can hold.
  at: z.string().regex(/^-?\d{1,17}$/),
  hash: z.int().min(0).max(4_294_967_295),
  id: WellFormedText,
}) satisfies z.ZodType<RowPlace>;

/** base64url of UTF-8: ids may be of any alphabet. */
const encodePlace = (place: RowPlace): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(place))))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");

/** Throws INVALID_CURSOR. */
export const decodePlace = (cursor: string): RowPlace => {
  try {
    const bytes = Uint8Array.from(atob(cursor.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
    return Place.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes)));
  } catch (cause) {
    throw new AppError({ code: "INVALID_CURSOR", fields: [{ path: "cursor", message: "Not a cursor of this list." }], cause });
  }
};

/** As the last member of an answer: without a cursor there are no more rows. */
export const cursorOf = (next: RowPlace | undefined): { cursor?: string } => (next === undefined ? {} : { cursor: encodePlace(next) });
