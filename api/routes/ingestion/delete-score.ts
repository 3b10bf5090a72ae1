/** DELETE /api/public/scores/{scoreId}: files, log and rows of the score, by a job. */

import { z } from "@hono/zod-openapi";
import { storableText } from "../../../core/storable.ts";
import { deleteScores } from "../../../services/traces/delete-data.ts";
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
    description:
      "A job removes its stored events, their log and its row, and tries again until they are gone. A score nobody knows is deleted too.",
    request: { params: z.object({ scoreId: storableText(800).min(1) }) },
    responses: { 202: json(Answer, "It will be deleted.") },
  },
);

export const registerDeleteScore = (app: App, deps: Pick<RouteDeps, "events" | "newId">): void => {
  app.openapi(route, async (c) => {
    eventsOf(deps);
    const ids = { jobId: deps.newId("job"), auditId: deps.newId("auditLog") };
    await deleteScores(c.get("db"), c.get("actor"), [c.req.valid("param").scoreId], ids);
    return c.json({ message: "The score will be deleted." }, 202);
  });
};
