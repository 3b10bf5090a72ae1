/** Pieces every route's description shares. */
import { z } from "@hono/zod-openapi";
import { idPattern } from "../../core/ids.ts";

/** A JSON answer; `example` is one of the kind that the documented request gets. */
export const json = <S extends z.ZodType>(schema: S, description: string, example?: unknown) => ({
  description,
  content: { "application/json": { schema, ...(example === undefined ? {} : { example }) } },
});

/** A JSON body that must be sent; `example` is one that works as it is. */
export const jsonRequest = <S extends z.ZodType>(schema: S, example?: unknown) => ({
  required: true as const,
  content: { "application/json": { schema, ...(example === undefined ? {} : { example }) } },
});

export const Id = z.string().regex(idPattern, "must be an id: letters, digits, _ and -, at most 100");
export const IdParam = z.object({ id: Id });
