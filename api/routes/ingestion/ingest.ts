/** POST /api/public/ingestion: accepts events of the Langfuse SDKs. Each event has its own outcome; status 201 means durable. */

import { z } from "@hono/zod-openapi";
import { AppError, errorTable } from "../../../core/errors.ts";
import type { ArrivedEvent } from "../../../core/ingestion/arrange-batch.ts";
import { parseEvent } from "../../../core/ingestion/event-schema.ts";
import { type Sender, type StoredBatch, storeBatch } from "../../../services/ingestion/store-batch.ts";
import type { App, IngestionDeps } from "../../deps.ts";
import { senderRoute } from "../declare-route.ts";
import { json, jsonRequest } from "../describe.ts";
import { authoriseSender } from "./authorise.ts";
import { eventsOf, openEventStore } from "./event-store.ts";
import { bodyCodes, ingestionBytesMax, parseJsonText, readBody, utf8Text } from "./read-body.ts";

const Success = z.object({ id: z.string(), status: z.int().describe("201: durable. 204: left out by the project's sampling.") });
const Failure = z.object({ id: z.string(), status: z.int(), message: z.string().optional(), error: z.string().optional() });
const Answer = z.object({ successes: z.array(Success), errors: z.array(Failure) }).openapi("IngestionAnswer");
type Answer = z.infer<typeof Answer>;

const exampleRequest = {
  batch: [
    {
      id: "0f5c1c9e-8a53-4b3e-9a3c-0d2a6d0c7b11",
      type: "trace-create",
      timestamp: "2026-11-01T12:00:00.000Z",
      body: { id: "trace-1", name: "chat", userId: "user-1", timestamp: "2026-11-01T12:00:00.000Z", input: { question: "Why?" } },
    },
  ],
};
const exampleAnswer = { successes: [{ id: "0f5c1c9e-8a53-4b3e-9a3c-0d2a6d0c7b11", status: 201 }], errors: [] };

const route = senderRoute(["INGESTION_DISABLED", ...bodyCodes, "INVALID_JSON"], {
  method: "post",
  path: "/api/public/ingestion",
  operationId: "ingest",
  tags: ["Ingestion"],
  summary: "Send events",
  description:
    "A batch of events as the Langfuse SDKs send them, optionally gzip: up to 4.5 MB and 50,000 events that write up to 5,000 traces, observations, scores and dataset run items. A larger one is refused with 413. The status of a readable batch is always 207: events in `successes` are durable, `errors` gives the reason for each other event. A public key alone (Bearer) may create scores and change those it created; any other event gets 403 in `errors`.",
  responses: { 207: json(Answer, "The outcome of each event.", exampleAnswer) },
});

export const registerIngest = (app: App, deps: IngestionDeps): void => {
  app.openAPIRegistry.registerPath({
    ...route,
    request: {
      body: jsonRequest(
        z.object({ batch: z.array(z.unknown()), metadata: z.unknown().optional() }).openapi("IngestionBatch"),
        exampleRequest,
      ),
    },
  });
  app.post(route.path, async (c) => {
    const sender = await authoriseSender(c, deps);
    const events = eventsOf(deps);
    const { batch, answer } = parseBatch(batchOf(parseJsonText(utf8Text(await readBody(c, ingestionBytesMax)))), sender, (line) =>
      deps.log({ request_id: c.get("requestId"), ...line }),
    );
    return c.json(withOutcomes(answer, batch, await storeBatch(openEventStore(c, deps), events, sender, batch)), 207);
  });
};

/** Limits the response too, which has an entry for each event and could be many times longer than the batch. */
const eventsMax = 50_000;

const batchOf = (body: unknown): unknown[] => {
  const batch = typeof body === "object" && body !== null ? (body as { batch?: unknown }).batch : undefined;
  if (!Array.isArray(batch))
    throw new AppError({ code: "INVALID_REQUEST", fields: [{ path: "batch", message: "Send a list of events." }] });
  if (batch.length > eventsMax)
    throw new AppError({ code: "PAYLOAD_TOO_LARGE", message: `The batch contains more than ${eventsMax} events; send it in parts.` });
  return batch;
};

/** Decides what needs no storage: refuses invalid events, and logs SDK log lines without storing them. */
const parseBatch = (items: readonly unknown[], sender: Sender, log: IngestionDeps["log"]): { batch: ArrivedEvent[]; answer: Answer } => {
  const answer: Answer = { successes: [], errors: [] };
  const batch: ArrivedEvent[] = [];
  for (const original of items) {
    const parsed = parseEvent(original, { isInternal: false });
    if (!parsed.ok) answer.errors.push({ id: parsed.id, status: parsed.status, message: parsed.message, error: parsed.error });
    else if (parsed.event === undefined) {
      log({ event: "sdk_log", project_id: sender.projectId, log: JSON.stringify(parsed.log.log).slice(0, 2000) });
      answer.successes.push({ id: parsed.log.id, status: 201 });
    } else if (sender.access === "scores" && parsed.event.entityType !== "score")
      answer.errors.push({ id: parsed.event.id, status: 401, message: "Authentication error", error: "Access Scope Denied" });
    else batch.push({ event: parsed.event, original });
  }
  return { batch, answer };
};

const withOutcomes = (answer: Answer, batch: readonly ArrivedEvent[], { groups, failed }: StoredBatch): Answer => {
  const byEntity = new Map(groups.map((group) => [`${group.entityType}/${group.entityId}`, group]));
  for (const { event } of batch) {
    const group = byEntity.get(`${event.entityType}/${event.entityId}`);
    const failure = group === undefined ? undefined : failed.get(group);
    if (failure?.code === "SCORE_OF_ANOTHER_KEY")
      answer.errors.push({ id: event.id, status: errorTable[failure.code].status, error: "Access Scope Denied", message: failure.message });
    else if (failure !== undefined)
      answer.errors.push({ id: event.id, status: 500, error: "Internal Server Error", message: failure.message });
    else answer.successes.push({ id: event.id, status: group?.isSampled === false ? 204 : 201 });
  }
  return answer;
};
