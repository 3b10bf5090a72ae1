/** Error responses of an operation: one per status, with the codes it may carry. */
import { z } from "@hono/zod-openapi";
import { type ErrorCode, errorTable } from "../../core/errors.ts";
import { Problem } from "../middleware/problem.ts";

/** The type claims no responses, because handlers throw errors and never return them. */
export const errorResponses = (codes: readonly ErrorCode[]): Record<never, never> => {
  const byStatus = Object.groupBy(new Set(codes), (code) => errorTable[code].status);
  return Object.fromEntries(Object.entries(byStatus).map(([status, known = []]) => [status, errorResponse(known)]));
};

const errorResponse = (codes: readonly ErrorCode[]) => ({
  description: codes.map((code) => `\`${code}\`: ${errorTable[code].title}.`).join("\n\n"),
  content: { "application/problem+json": { schema: Problem.and(z.object({ code: z.enum(codes) })) } },
});
