/**
 * Sends events to PostHog: by Capture V1, which answers for each event, or by `/batch/` where the server does not know it.
 * Facts: PostHog/posthog `rust/capture/src/v1/` and posthog.com/docs/api/capture, read 2026-11-28.
 */
import { z } from "zod";
import type { Rejection, SinkEvent } from "../../../core/integrations/analytics/sink-event.ts";
import type { PostHogBody } from "../../../core/integrations/analytics/to-posthog-event.ts";
import { isRecord } from "../../../core/is-record.ts";
import { retryAfterSeconds } from "../../retry-after.ts";
import { type BatchAnswer, type BatchLimits, type EventBatch, membersOf, reject, sendInBatches } from "./event-batches.ts";
import type { EventSink, SendResult } from "./event-sink.ts";
import { captureV1Json } from "./posthog-capture-v1.ts";
import { jsonOf, parseSuccess, type Quote, quoteWithout } from "./read-answer.ts";
import { failureOf, SinkFailure } from "./sink-failure.ts";
import { postJson, type SinkAnswer, type SinkDeps, withAttempts } from "./sink-request.ts";

export type PostHogSettings = {
  /** Such as `https://eu.i.posthog.com`. */
  host: string;
  projectToken: string;
};

export type PostHogDeps = SinkDeps & { newUuid: () => string };

/** Far under the 20 MB that PostHog accepts, so that the batch in memory is small. */
const limitsDefault: BatchLimits = { eventsMax: 1000, bytesMax: 9_000_000, eventBytesMax: 1_000_000 };
/** PostHog wants older events marked as a migration, so that they do not delay those that are new. */
const historicalAgeMs = 48 * 3_600_000;

/** PostHog calls 429 final: the request is not repeated, but the run is postponed. */
const repeated = new Set(["SINK_UNAVAILABLE", "SINK_UNEXPECTED_ANSWER"] as const);

type Batch = { events: EventBatch<PostHogBody>; isHistorical: boolean; signal: AbortSignal };
type Connection = PostHogDeps & { base: string; projectToken: string; quote: Quote };

/** The size of batches and whether the server knows V1 are learned while sending, and kept with the sink. */
export const createPostHogSink = ({ host, projectToken }: PostHogSettings, deps: PostHogDeps): EventSink<PostHogBody> => {
  const connection: Connection = { ...deps, base: host.replace(/\/+$/, ""), projectToken, quote: quoteWithout(projectToken) };
  const limits = { ...limitsDefault };
  let hasV1 = true;

  const sendBatch = async (batch: Batch): Promise<BatchAnswer> => {
    const answer = hasV1 ? await sendV1(connection, batch) : "unknown";
    if (answer !== "unknown") return answer;
    const older = await sendLegacy(connection, batch);
    hasV1 = false;
    return older;
  };

  return {
    send: async (events, { signal }) => {
      const historicalBefore = deps.clock.nowMs() - historicalAgeMs;
      const groups = Map.groupBy(events, ({ timeMs }: SinkEvent<PostHogBody>) => timeMs < historicalBefore);
      const total: SendResult = { sent: 0, accepted: 0, rejected: [], bytes: 0, warnings: 0 };
      for (const [isHistorical, group] of groups) {
        const result = await sendInBatches(group, {
          limits,
          encode: captureV1Json,
          send: (batch) => sendBatch({ events: batch, isHistorical, signal }),
        });
        total.sent += result.sent;
        total.accepted += result.accepted;
        total.rejected.push(...result.rejected);
        total.bytes += result.bytes;
        total.warnings += result.warnings;
      }
      return total;
    },
  };
};

type EventResult = { result: "ok" | "warning" | "drop" | "retry"; details?: string | null };
const resultNames: ReadonlySet<unknown> = new Set<EventResult["result"]>(["ok", "warning", "drop", "retry"]);

const isResult = (value: unknown): value is EventResult =>
  isRecord(value) && resultNames.has(value["result"]) && (value["details"] == null || typeof value["details"] === "string");
/** Checked by hand: a schema for each of 1,000 results takes as long as all their JSON. */
const areResults = (value: unknown): boolean => isRecord(value) && Object.values(value).every(isResult);
const Results = z.object({ results: z.custom<Record<string, EventResult>>(areResults) });

/** Sends until every event has an answer. Only those are sent again that have none or are to be repeated. */
const sendV1 = (connection: Connection, { events, isHistorical, signal }: Batch): Promise<BatchAnswer | "unknown"> => {
  const { base, projectToken, quote, clock } = connection;
  const requestId = connection.newUuid();
  const createdAt = new Date(clock.nowMs()).toISOString();
  const rejected: Rejection[] = [];
  let warnings = 0;
  let pending = events;
  return withAttempts(connection, { codes: repeated, signal }, async (attempt) => {
    const answer = await postJson(connection, {
      url: `${base}/i/v1/analytics/events`,
      headers: {
        authorization: `Bearer ${projectToken}`,
        "posthog-sdk-info": "spillway/1.0.0",
        "posthog-attempt": String(attempt),
        "posthog-request-id": requestId,
        "posthog-request-timestamp": new Date(clock.nowMs()).toISOString(),
      },
      body: [`{"created_at":"${createdAt}"${migration(isHistorical)},"batch":[`, ...membersOf(pending), "]}"],
      signal,
    });
    // An answer about the whole batch counts as long as nothing of it has been taken.
    if (pending === events) {
      if (answer.status === 404 || answer.status === 405) return "unknown";
      const refusal = refusalOf(connection, answer);
      if (refusal !== undefined) return refusal;
    }
    const { results } = parseSuccess(Results, answer, { quote, nowMs: clock.nowMs() });
    const again = pending.filter(({ event }) => {
      const { result = "retry", details } = results[event.eventId] ?? {};
      if (result === "drop") rejected.push(reject(event, "REFUSED_BY_SINK", quote(details ?? "dropped")));
      if (result === "warning") warnings++;
      return result === "retry";
    });
    if (again.length === 0) return { kind: "taken", rejected, warnings };
    pending = again;
    throw new SinkFailure({
      code: "SINK_UNAVAILABLE",
      detail: `${again.length} of ${events.length} events are not stored yet`,
      retryAfterSeconds: retryAfterSeconds(answer.headers, clock.nowMs()),
    });
  });
};

const LegacyAnswer = z.object({ status: z.union([z.string(), z.number()]) });

/** `/batch/` answers for all events at once. Without `sent_at`, it takes times as they are. */
const sendLegacy = (connection: Connection, { events, isHistorical, signal }: Batch): Promise<BatchAnswer> => {
  const { base, projectToken, quote, clock } = connection;
  return withAttempts(connection, { codes: repeated, signal }, async () => {
    const answer = await postJson(connection, {
      url: `${base}/batch/`,
      headers: {},
      body: [
        `{"api_key":${JSON.stringify(projectToken)}${migration(isHistorical)},"batch":[${events.map(({ event }) => JSON.stringify(event.body)).join(",")}]}`,
      ],
      signal,
    });
    const refusal = refusalOf(connection, answer);
    if (refusal !== undefined) return refusal;
    parseSuccess(LegacyAnswer, answer, { quote, nowMs: clock.nowMs() });
    return { kind: "taken", rejected: [], warnings: 0 };
  });
};

const migration = (isHistorical: boolean) => (isHistorical ? ',"historical_migration":true' : "");

const Refusal = z.object({ error: z.string().optional(), code: z.string().optional() });
const tokenRefusals: ReadonlySet<string> = new Set(["invalid_api_token", "invalid_api_key", "missing_api_key"]);

/** What a status other than success says of the batch. Throws if it says something of the whole request. */
const refusalOf = ({ quote, clock }: Connection, answer: SinkAnswer): BatchAnswer | undefined => {
  const { status, text } = answer;
  if (status >= 200 && status < 300) return undefined;
  if (status === 413) return { kind: "tooLarge" };
  if (status !== 400) throw failureOf({ ...answer, text: quote(text) }, clock.nowMs());
  const { error, code } = Refusal.safeParse(jsonOf(text)).data ?? {};
  if (tokenRefusals.has(error ?? "") || tokenRefusals.has(code ?? ""))
    throw new SinkFailure({ code: "SINK_CREDENTIALS_REJECTED", detail: "status 400" });
  return { kind: "refused", reason: quote(error ?? code ?? text) };
};
