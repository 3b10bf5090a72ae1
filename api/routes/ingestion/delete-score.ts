/** DELETE /api/public/scores/{scoreId}: enqueues a job that deletes the files, log rows and row of the score. */

import { z } from "@hono/zod-openapi";
import { storableText } from "../../../core/storable.ts";
import { deleteScores } from "../../../services/traces/delete-traces.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json } from "../describe.ts";
import { Answer } from "./delete-traces.ts";
import { eventsOf } from "./event-store.ts";

const route = keyRoute(
  { scopes: ["ingestion:write"], codes: ["INGESTION_DISABLED"] },
  {
    method: "delete",
    path: "/api/public/scores/{scoreId}",
    operationId: "deleteScore",
    tags: ["Ingestion"],
    summary: "Delete a score",
    description: "A job removes its stored events, their log rows and its row, with retries. Unknown ids are accepted too.",
    request: { params: z.object({ scoreId: storableText(800).min(1) }) },
    responses: { 202: json(Answer, "Deletion is queued.") },
  },
);

export const registerDeleteScore = (app: App, deps: Pick<RouteDeps, "events">): void => {
  app.openapi(route, async (c) => {
    eventsOf(deps);
    await deleteScores(c.get("db"), c.get("actor"), [c.req.valid("param").scoreId]);
    return c.json({ message: "The score will be deleted." }, 202);
  });
};
