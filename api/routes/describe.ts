/** Parts that the descriptions of all routes share. */
import { z } from "@hono/zod-openapi";
import { idPattern } from "../../core/ids.ts";

/** Describes a JSON response. `example` matches the example request. */
export const json = <S extends z.ZodType>(schema: S, description: string, example?: unknown) => ({
  description,
  content: { "application/json": { schema, ...(example === undefined ? {} : { example }) } },
});

/** Describes a required JSON body. `example` works unchanged. */
export const jsonRequest = <S extends z.ZodType>(schema: S, example?: unknown) => ({
  required: true as const,
  content: { "application/json": { schema, ...(example === undefined ? {} : { example }) } },
});

/**
 * Names a schema of `core/` in the document. A schema has `openapi` only if it was made after this library was loaded, which nothing ensures for
 * those of other folders: a copy has it always.
 */
export const component = <S extends z.ZodType>(schema: S, name: string): S => schema.clone().openapi(name);

export const Id = z.string().regex(idPattern, "must be an id: letters, digits, _ and -, at most 100");
export const IdParam = z.object({ id: Id });

/** RFC 5321: at most 64 characters before the @ and 255 after it. */
export const Email = z.email().max(320);
