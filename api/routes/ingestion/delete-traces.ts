/**
 * DELETE /api/public/traces/{traceId} and DELETE /api/public/traces: enqueue a job that deletes the files, log rows and rows of the traces.
 */

import { z } from "@hono/zod-openapi";
import { storableText } from "../../../core/storable.ts";
import { deleteTraces } from "../../../services/traces/delete-traces.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json, jsonRequest } from "../describe.ts";
import { eventsOf } from "./event-store.ts";

const TraceId = storableText(800).min(1);
export const Answer = z.object({ message: z.string() }).openapi("DeletedAnswer");

const tags = ["Ingestion"];
const description =
  "A job removes the stored events, their log rows and the rows of traces, observations, scores and events, with retries.";

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
    responses: { 200: json(Answer, "Deletion is queued.") },
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
    responses: { 200: json(Answer, "Deletion is queued.", { message: "The traces will be deleted." }) },
  },
);

export const registerDeleteTraces = (app: App, deps: Pick<RouteDeps, "events">): void => {
  app.openapi(one, async (c) => {
    eventsOf(deps);
    await deleteTraces(c.get("db"), c.get("actor"), [c.req.valid("param").traceId]);
    return c.json({ message: "The trace will be deleted." }, 200);
  });
  app.openapi(many, async (c) => {
    eventsOf(deps);
    await deleteTraces(c.get("db"), c.get("actor"), [...new Set(c.req.valid("json").traceIds)]);
    return c.json({ message: "The traces will be deleted." }, 200);
  });
};
