/** POST /api/public/ingestion: events of the Langfuse SDKs. Each is judged by itself; what is answered with 201 is durable. */
import { createRoute, z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { type ArrivedEvent, arrangeBatch, type EventGroup } from "../../../core/ingestion/arrange-batch.ts";
import { parseEvent } from "../../../core/ingestion/event-schema.ts";
import { storeGroups } from "../../../db/event-store/store-groups.ts";
import type { App, AppDeps } from "../../deps.ts";
import { json, refusals, security } from "../describe.ts";
import { authoriseSender, type Sender } from "./authorise.ts";
import { ingestionBytesMax, readBody, utf8Text } from "./read-body.ts";

const Success = z.object({ id: z.string(), status: z.int().describe("201: durable. 204: left out by the sampling of this project.") });
const Failure = z.object({ id: z.string(), status: z.int(), message: z.string().optional(), error: z.string().optional() });
const Answer = z.object({ successes: z.array(Success), errors: z.array(Failure) }).openapi("IngestionAnswer");
type Answer = z.infer<typeof Answer>;

const route = createRoute({
  method: "post",
  path: "/api/public/ingestion",
  operationId: "ingest",
  tags: ["Ingestion"],
  summary: "Send events",
  description:
    "A batch of events as the Langfuse SDKs send them, 4.5 MB at most, also gzip. Always 207 for a readable batch: `successes` are stored for good, `errors` say for each other event why not. A public key alone (Bearer) may write scores.",
  security,
  responses: { 207: json(Answer, "What became of each event."), ...refusals },
});

export const registerIngest = (app: App, deps: AppDeps): void => {
  app.openAPIRegistry.registerPath({
    ...route,
    request: {
      body: {
        required: true,
        content: {
          "application/json": {
            schema: z.object({ batch: z.array(z.unknown()), metadata: z.unknown().optional() }).openapi("IngestionBatch"),
          },
        },
      },
    },
  });
  app.post(route.path, async (c) => {
    const sender = await authoriseSender(c, deps);
    if (deps.events === null) throw new AppError({ code: "INGESTION_DISABLED" });
    const { batch, answer } = judge(parseBatch(utf8Text(await readBody(c, ingestionBytesMax))), sender, deps);
    const { prefix, segmentBytesMax, sampling, s3Client: s3, isLogEnabled, sha256Hex } = deps.events;
    const groups = arrangeBatch(batch, { projectId: sender.projectId, prefix, sampling, segmentBytesMax, sha256Hex });
    const sampled = groups.filter(({ isSampled }) => isSampled);
    const failed = await storeGroups(
      { db: c.get("db"), s3, isLogEnabled, nowMs: deps.nowMs, newJobId: () => deps.newId("job"), sha256Hex },
      { projectId: sender.projectId, groups: sampled, origin: sender.origin, source: "api" },
    );
    return c.json(withOutcomes(answer, batch, groups, failed), 207);
  });
};

const parseBatch = (text: string): unknown[] => {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new AppError({ code: "INVALID_JSON", cause });
  }
  const batch = typeof body === "object" && body !== null ? (body as { batch?: unknown }).batch : undefined;
  if (!Array.isArray(batch))
    throw new AppError({ code: "INVALID_REQUEST", fields: [{ path: "batch", message: "Send a list of events." }] });
  return batch;
};

/** What can be told before anything is stored: refused events, and lines of SDK logs, which are logged and nothing else. */
const judge = (items: readonly unknown[], sender: Sender, deps: AppDeps): { batch: ArrivedEvent[]; answer: Answer } => {
  const answer: Answer = { successes: [], errors: [] };
  const batch: ArrivedEvent[] = [];
  for (const original of items) {
    const parsed = parseEvent(original, { isInternal: false });
    if (!parsed.ok) answer.errors.push({ id: parsed.id, status: parsed.status, message: parsed.message, error: parsed.error });
    else if (parsed.event === undefined) {
      deps.log({ event: "sdk_log", project_id: sender.projectId, log: JSON.stringify(parsed.log.log).slice(0, 2000) });
      answer.successes.push({ id: parsed.log.id, status: 201 });
    } else if (sender.access === "scores" && parsed.event.entityType !== "score")
      answer.errors.push({ id: parsed.event.id, status: 401, message: "Authentication error", error: "Access Scope Denied" });
    else batch.push({ event: parsed.event, original });
  }
  return { batch, answer };
};

const withOutcomes = (
  answer: Answer,
  batch: readonly ArrivedEvent[],
  groups: readonly EventGroup[],
  failed: ReadonlyMap<EventGroup, AppError>,
): Answer => {
  const byEntity = new Map(groups.map((group) => [`${group.entityType}/${group.entityId}`, group]));
  for (const { event } of batch) {
    const group = byEntity.get(`${event.entityType}/${event.entityId}`);
    const failure = group === undefined ? undefined : failed.get(group);
    if (failure !== undefined) answer.errors.push({ id: event.id, status: 500, error: "Internal Server Error", message: failure.message });
    else answer.successes.push({ id: event.id, status: group?.isSampled === false ? 204 : 201 });
  }
  return answer;
};
