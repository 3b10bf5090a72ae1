/** Pieces every route's description shares. */
import { z } from "@hono/zod-openapi";
import { idPattern } from "../../core/ids.ts";
import { Problem } from "../middleware/problem.ts";

export const security: Record<string, string[]>[] = [{ basicAuth: [] }, { bearerAuth: [] }];

export const json = <S extends z.ZodType>(schema: S, description: string) => ({ description, content: { "application/json": { schema } } });

const problem = (description: string) => ({ description, content: { "application/problem+json": { schema: Problem } } });

/** Answers any route with a key may give. */
export const refusals = {
  400: problem("The request is not valid; `errors` names the fields."),
  401: problem("No valid API key."),
  403: problem("The key lacks the scope."),
  404: problem("There is no such thing in this project."),
  409: problem("The state does not allow it."),
  410: problem("It has expired."),
  413: problem("The body is too large."),
  415: problem("The body is not JSON."),
  422: problem("The Idempotency-Key was used with another body, or the request cannot be carried out."),
  503: problem("A part of the service does not answer; try again."),
};

export const Id = z.string().regex(idPattern, "must be an id: letters, digits, _ and -, at most 100");
export const IdParam = z.object({ id: Id });
