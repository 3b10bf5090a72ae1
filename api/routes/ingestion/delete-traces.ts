/** DELETE /api/public/traces/{traceId} and DELETE /api/public/traces: files, log and rows of the traces, by a job. */

import { z } from "@hono/zod-openapi";
import { storableText } from "../../../core/storable.ts";
import { deleteTraces } from "../../../services/traces/delete-data.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json, jsonRequest } from "../describe.ts";
import { eventsOf } from "./event-store.ts";

const TraceId = storableText(800).min(1);
export const Answer = z.object({ message: z.string() }).openapi("DeletedAnswer");

const tags = ["Ingestion"];
const description =
  "A job removes the stored events, their log and the rows of traces, observations, scores and events, and tries again until they are gone.";

const one = keyRoute(
  { scopes: ["ingestion:write"], codes: ["INGESTION_DISABLED"] },
  {
    tags,
    method: "delete",
    path: "/api/public/traces/{traceId}",
    operationId: "deleteTrace",
    summary: "Delete a trace",
    description,
    request: { params: z.object({ traceId: TraceId }) },
    responses: { 200: json(Answer, "It will be deleted.") },
  },
);

const many = keyRoute(
  { scopes: ["ingestion:write"], codes: ["INGESTION_DISABLED"] },
  {
    tags,
    method: "delete",
    path: "/api/public/traces",
    operationId: "deleteTraces",
    summary: "Delete traces",
    description,
    request: {
      body: jsonRequest(z.strictObject({ traceIds: z.array(TraceId).min(1).max(1000) }).openapi("DeleteTraces"), { traceIds: ["trace-1"] }),
    },
    responses: { 200: json(Answer, "They will be deleted.", { message: "The traces will be deleted." }) },
  },
);

export const registerDeleteTraces = (app: App, deps: Pick<RouteDeps, "events" | "newId">): void => {
  const ids = () => ({ jobId: deps.newId("job"), auditId: deps.newId("auditLog") });
  app.openapi(one, async (c) => {
    eventsOf(deps);
    await deleteTraces(c.get("db"), c.get("actor"), [c.req.valid("param").traceId], ids());
    return c.json({ message: "The trace will be deleted." }, 200);
  });
  app.openapi(many, async (c) => {
    eventsOf(deps);
    await deleteTraces(c.get("db"), c.get("actor"), [...new Set(c.req.valid("json").traceIds)], ids());
    return c.json({ message: "The traces will be deleted." }, 200);
  });
};
