/** Where to go after signing in, as callers may name it. */
import { z } from "@hono/zod-openapi";

export const NextPath = z
  .string()
  .max(2000)
  .describe("Path of the console to go to after signing in. Anything that leads to another site becomes `/`.");
