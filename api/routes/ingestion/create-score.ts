/** POST /api/public/scores: stores one score, like a `score-create` event of a batch. The score is durable once its id is returned. */

import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { objectStoreErrorCodes } from "../../../core/engine-errors.ts";
import { AppError } from "../../../core/errors.ts";
import type { ArrivedEvent } from "../../../core/ingestion/arrange-batch.ts";
import { parseEvent } from "../../../core/ingestion/event-schema.ts";
import { scoreNameCharactersMax } from "../../../core/ingestion/fields.ts";
import { isRecord } from "../../../core/is-record.ts";
import { claimId, markStored } from "../../../services/idempotency/claim-id.ts";
import { type Sender, storeBatch } from "../../../services/ingestion/store-batch.ts";
import type { App, AppEnv, IngestionDeps } from "../../deps.ts";
import { actorKey, IdempotencyHeader, idempotentCodes, idempotentRequestOf } from "../../middleware/idempotent.ts";
import { senderRoute } from "../declare-route.ts";
import { json, jsonRequest } from "../describe.ts";
import { authoriseSender } from "./authorise.ts";
import { eventsOf, openEventStore } from "./event-store.ts";
import { bodyCodes, ingestionBytesMax, parseJsonText, readBody, utf8Text } from "./read-body.ts";

const nullableText = z.string().nullish();

/** Only for the OpenAPI document. The schema of the event validates the score. */
const Score = z
  .object({
    id: nullableText.describe("Sent again with the same id, it updates that score. Generated if missing."),
    name: z
      .string()
      .min(1)
      .max(scoreNameCharactersMax)
      .describe("Without control characters, because it becomes a column name in exports."),
    value: z.union([z.number(), z.string()]).describe("A number for NUMERIC and BOOLEAN (0 or 1), otherwise a text."),
    dataType: z
      .enum(["NUMERIC", "CATEGORICAL", "BOOLEAN", "TEXT", "CORRECTION"])
      .nullish()
      .describe("Default: NUMERIC for numbers, CATEGORICAL for texts."),
    traceId: nullableText.describe("Send exactly one of traceId, sessionId and datasetRunId."),
    observationId: nullableText.describe("Only with traceId."),
    sessionId: nullableText,
    datasetRunId: nullableText,
    comment: nullableText,
    metadata: z.unknown(),
    environment: nullableText,
    source: z.enum(["API", "ANNOTATION"]).nullish().describe("Default: API. ANNOTATION needs a configId, except for corrections."),
    configId: nullableText,
    queueId: nullableText,
  })
  .openapi("CreateScore");

const route = senderRoute(
  ["INGESTION_DISABLED", ...bodyCodes, ...objectStoreErrorCodes, "INVALID_JSON", "SCORE_OF_ANOTHER_KEY", ...idempotentCodes],
  {
    method: "post",
    path: "/api/public/scores",
    operationId: "createScore",
    tags: ["Ingestion"],
    summary: "Send a score",
    description:
      "Durable once this responds; readable once the runner has merged it. A public key alone (Bearer) may create scores and change those it created. A score that another public key created, or that was ever sent with a secret key, is refused with 403 and stays unchanged.",
    responses: { 200: json(z.object({ id: z.string() }).openapi("CreateScoreAnswer"), "Stored.", { id: "score-1" }) },
  },
);

export const registerCreateScore = (app: App, deps: IngestionDeps): void => {
  app.openAPIRegistry.registerPath({
    ...route,
    request: {
      headers: IdempotencyHeader,
      body: jsonRequest(Score, { id: "score-1", traceId: "trace-1", name: "helpfulness", value: 0.9, comment: "Answers the question." }),
    },
  });
  app.post(route.path, async (c) => {
    const sender = await authoriseSender(c, deps);
    const events = eventsOf(deps);
    const text = utf8Text(await readBody(c, ingestionBytesMax));
    const arrived = scoreEvent(parseJsonText(text), deps);
    const id = await storeOnce(c, { sender, text, id: arrived.event.entityId }, async (scoreId) => {
      const { failed } = await storeBatch(openEventStore(c, deps), events, sender, [withId(arrived, scoreId)]);
      for (const failure of failed.values()) throw failure;
    });
    return c.json({ id }, 200);
  });
};

type Sent = { sender: Sender; text: string; id: string };

/** With an Idempotency-Key, stores the score under the id of the first request with it, and not again once that is stored. */
const storeOnce = async (c: Context<AppEnv>, { sender, text, id }: Sent, store: (id: string) => Promise<void>): Promise<string> => {
  const request = await idempotentRequestOf(c, callerOf(c, sender), () => text);
  const claimed = request === undefined ? { id, isStored: false } : await claimId(c.get("db"), request, id);
  if (!claimed.isStored) await store(claimed.id);
  if (request !== undefined && !claimed.isStored) await markStored(c.get("db"), request, claimed.id);
  return claimed.id;
};

/** A public key alone sets no actor. */
const callerOf = (c: Context<AppEnv>, { origin }: Sender): string => {
  const actor = c.get("actor") as AppEnv["Variables"]["actor"] | undefined;
  return actor === undefined ? origin.apiKey : actorKey(actor);
};

/** The id of a score is in its body as sent and as parsed. */
const withId = ({ event, original }: ArrivedEvent, id: string): ArrivedEvent => ({
  event: { ...event, entityId: id },
  original: isRecord(original) && isRecord(original["body"]) ? { ...original, body: { ...original["body"], id } } : original,
});

/** Wraps the score in an event, as an SDK sends it. Throws INVALID_REQUEST with the invalid fields of the score. */
const scoreEvent = (body: unknown, { newUuid, nowMs }: Pick<IngestionDeps, "newUuid" | "nowMs">): ArrivedEvent => {
  const original = {
    id: newUuid(),
    timestamp: new Date(nowMs()).toISOString(),
    type: "score-create",
    body: isRecord(body) ? { ...body, id: body["id"] ?? newUuid() } : body,
  };
  const parsed = parseEvent(original, { isInternal: false });
  if (!parsed.ok)
    throw new AppError({
      code: "INVALID_REQUEST",
      fields: parsed.faults.map(({ path, message }) => ({ path: path.replace(/^body\.?/, ""), message })),
    });
  const { event } = parsed;
  if (event?.entityType !== "score") throw new Error("a score-create event writes a score");
  if (event.body.source === "EVAL")
    throw new AppError({ code: "INVALID_REQUEST", fields: [{ path: "source", message: "must be API or ANNOTATION" }] });
  return { event, original };
};
