/** DELETE /api/public/scores/{scoreId}: files, log and rows of the score, by a job. */
import { createRoute, z } from "@hono/zod-openapi";
import { storableText } from "../../../core/storable.ts";
import { deleteScores } from "../../../services/traces/delete-data.ts";
import type { App, AppDeps } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { json, refusals, security } from "../describe.ts";
import { Answer } from "./delete-traces.ts";
import { eventsOf } from "./event-store.ts";

const route = createRoute({
  middleware: [requireScope("ingestion:write")] as const,
  method: "delete",
  path: "/api/public/scores/{scoreId}",
  operationId: "deleteScore",
  tags: ["Ingestion"],
  summary: "Delete a score",
  description:
    "A job removes its stored events, their log and its row, and tries again until they are gone. A score nobody knows is deleted too.",
  security,
  request: { params: z.object({ scoreId: storableText(800).min(1) }) },
  responses: { 202: json(Answer, "It will be deleted."), ...refusals },
});

export const registerDeleteScore = (app: App, deps: AppDeps): void => {
  app.openapi(route, async (c) => {
    eventsOf(deps);
    const ids = { jobId: deps.newId("job"), auditId: deps.newId("auditLog") };
    await deleteScores(c.get("db"), c.get("actor"), [c.req.valid("param").scoreId], ids);
    return c.json({ message: "The score will be deleted." }, 202);
  });
};
