/**
 * A server that answers as PostHog's capture service does: Capture V1 with an answer for each event, and `/batch/`. Contract:
 * PostHog/posthog `rust/capture/src/v1/` and posthog.com/docs/api/capture, read 2026-11-28. For development and tests only.
 */

import { isRecord } from "../../core/is-record.ts";
import {
  jsonBody,
  type ProductAnswer,
  type SinkFault,
  type SinkServer,
  type SinkServerRequest,
  startSinkServer,
} from "../analytics/sink-server.ts";

export type PostHogStored = {
  event: string;
  uuid: string;
  distinct_id: string;
  timestamp: string;
  properties: Record<string, unknown>;
  isHistorical: boolean;
};

export type PostHogServerOptions = {
  port?: number;
  projectToken: string;
  /** False answers as a server that knows only `/batch/`. */
  hasV1?: boolean;
  bodyBytesMax?: number;
  nowMs?: () => number;
  fault?: (request: SinkServerRequest) => SinkFault | undefined;
  /** Replaces the answer for an event of V1; one that is dropped or to be sent again is not stored. */
  resultOf?: (uuid: string) => EventAnswer | undefined;
  file?: string;
};

type EventAnswer = { result: "ok" | "warning" | "drop" | "retry"; details?: string };
type Answer = ProductAnswer<PostHogStored>;

const bytesMax = 20 * 1024 * 1024;
const eventBytesMax = 1024 * 1024;
const aheadMsMax = 23 * 3_600_000;
const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const requiredHeaders = ["posthog-sdk-info", "posthog-attempt", "posthog-request-id", "posthog-request-timestamp", "user-agent"];
const refusedIds = new Set("0 anonymous anonymous-user backend email false guest id nan none null system true undefined user".split(" "));

export const startPostHogServer = (options: PostHogServerOptions): Promise<SinkServer<PostHogStored>> =>
  startSinkServer({
    port: options.port ?? 0,
    fault: options.fault,
    file: options.file,
    answer: (request) => {
      if (request.method !== "POST") return failure(405, "method_not_allowed");
      if ((request.body?.byteLength ?? 0) > (options.bodyBytesMax ?? bytesMax)) return failure(413, "payload_too_large");
      if (/^\/i\/v1\/analytics\/events\/?$/.test(request.path) && options.hasV1 !== false) return captureV1(request, options);
      if (/^\/batch\/?$/.test(request.path)) return captureBatch(request, options);
      if (/^\/flags\/?$/.test(request.path)) return flags(request, options);
      return failure(404, "not_found");
    },
  });

const failure = (status: number, error: string): Answer => ({
  status,
  headers: status === 429 || status >= 500 ? { "retry-after": "1" } : {},
  body: { error, error_description: error.replaceAll("_", " "), error_uri: "https://posthog.com/docs/api" },
});

const keyOf = ({ event, uuid, distinct_id, timestamp }: PostHogStored) => [timestamp.slice(0, 10), event, distinct_id, uuid].join(" ");
const stored = (event: PostHogStored) => ({ key: keyOf(event), event });

const captureV1 = (request: SinkServerRequest, options: PostHogServerOptions): Answer => {
  const { headers } = request;
  if (requiredHeaders.some((name) => headers[name] === undefined)) return failure(400, "missing_required_headers");
  if (!/^[1-9]\d*$/.test(String(headers["posthog-attempt"])) || !rfc3339.test(String(headers["posthog-request-timestamp"])))
    return failure(400, "invalid_header_value");
  if (headers.authorization !== `Bearer ${options.projectToken}`) return failure(401, "invalid_api_token");
  if (!headers["content-type"]?.startsWith("application/json")) return failure(415, "unsupported_content_type");
  if (request.body === null) return failure(400, "request_decoding_error");
  const batch = jsonBody(request);
  if (!isRecord(batch) || !Array.isArray(batch["batch"]) || !batch["batch"].every(isShaped)) return failure(400, "request_parsing_error");
  if (batch["batch"].length === 0) return failure(400, "empty_batch");
  if (!rfc3339.test(String(batch["created_at"]))) return failure(400, "invalid_batch");
  const events: V1Event[] = batch["batch"];
  if (events.some(({ uuid }) => uuid === "")) return failure(400, "missing_event_uuid");
  if (events.some(({ uuid }) => !uuidPattern.test(uuid))) return failure(400, "invalid_event_uuid");
  if (new Set(events.map(({ uuid }) => uuid)).size !== events.length) return failure(400, "duplicate_event_uuid");
  const nowMs = options.nowMs?.() ?? Date.now();
  const skewMs = Date.parse(String(headers["posthog-request-timestamp"])) - nowMs;
  const answers = events.map((event) => ({ event, answer: options.resultOf?.(event.uuid) ?? judge(event) }));
  const isKept = ({ answer }: { answer: EventAnswer }) => answer.result === "ok" || answer.result === "warning";
  const [lib, libVersion] = String(headers["posthog-sdk-info"]).split("/");
  return {
    status: 200,
    headers: answers.some(({ answer }) => answer.result === "retry") ? { "retry-after": "1" } : {},
    body: { results: Object.fromEntries(answers.map(({ event, answer }) => [event.uuid, answer])) },
    stored: answers.filter(isKept).map(({ event }) => {
      const { options: sent = {}, session_id, properties = {} } = event;
      const isExact = sent["disable_skew_correction"] === true;
      return stored({
        event: event.event,
        uuid: event.uuid,
        distinct_id: event.distinct_id.trim(),
        timestamp: timeOf(event.timestamp, isExact ? 0 : skewMs, nowMs),
        properties: {
          ...properties,
          ...(session_id === undefined ? {} : { $session_id: session_id }),
          ...(isExact ? { $ignore_sent_at: true } : {}),
          ...(sent["process_person_profile"] === undefined ? {} : { $process_person_profile: sent["process_person_profile"] }),
          $lib: lib,
          $lib_version: libVersion,
        },
        isHistorical: batch["historical_migration"] === true,
      });
    }),
  };
};

type V1Event = {
  event: string;
  uuid: string;
  distinct_id: string;
  timestamp: string;
  session_id?: string;
  options?: Record<string, unknown>;
  properties?: Record<string, unknown>;
};

const isShaped = (value: unknown): value is V1Event =>
  isRecord(value) && ["event", "uuid", "distinct_id", "timestamp"].every((name) => typeof value[name] === "string");

const judge = (event: V1Event): EventAnswer => {
  const drop = (details: string): EventAnswer => ({ result: "drop", details });
  if (event.event === "") return drop("missing_event_name");
  if (Buffer.byteLength(event.event) > 200) return drop("event_name_too_long");
  const distinctId = event.distinct_id.trim();
  if (distinctId === "") return drop("missing_distinct_id");
  if (Buffer.byteLength(distinctId) > 200) return drop("distinct_id_too_large");
  if (!rfc3339.test(event.timestamp)) return drop("invalid_event_timestamp");
  if (event.properties !== undefined && !isRecord(event.properties)) return drop("malformed_event_properties");
  if (event.options !== undefined && !isRecord(event.options)) return drop("invalid_options");
  if (Buffer.byteLength(JSON.stringify(event)) > eventBytesMax) return drop("event_too_big");
  return refusedIds.has(distinctId.toLowerCase()) ? { result: "warning", details: "person_processing_disabled" } : { result: "ok" };
};

const timeOf = (timestamp: string, skewMs: number, nowMs: number): string => {
  const ms = Date.parse(timestamp) - skewMs;
  return new Date(ms > nowMs + aheadMsMax ? nowMs : ms).toISOString();
};

const wrongKey: Answer = { status: 401, body: { type: "authentication_error", code: "invalid_api_key" } };

const hasKey = (body: Record<string, unknown>, { projectToken }: PostHogServerOptions) =>
  (body["api_key"] ?? body["token"]) === projectToken;

/** There are no flags, but the key is checked. */
const flags = (request: SinkServerRequest, options: PostHogServerOptions): Answer => {
  const body = jsonBody(request);
  return isRecord(body) && hasKey(body, options) ? { status: 200, body: { flags: {}, errorsWhileComputingFlags: false } } : wrongKey;
};

/** Drops events without name or `distinct_id`, and answers 200 all the same. */
const captureBatch = (request: SinkServerRequest, options: PostHogServerOptions): Answer => {
  const body = jsonBody(request);
  if (!isRecord(body)) return { status: 400, body: { type: "validation_error", code: "invalid_payload" } };
  if (!hasKey(body, options)) return wrongKey;
  if (!Array.isArray(body["batch"])) return { status: 400, body: { type: "validation_error", code: "invalid_payload" } };
  const nowMs = options.nowMs?.() ?? Date.now();
  const skewMs = typeof body["sent_at"] === "string" ? Date.parse(body["sent_at"]) - nowMs : 0;
  const kept = body["batch"].filter(
    (event): event is V1Event => isRecord(event) && Boolean(event["event"]) && Boolean(event["distinct_id"]),
  );
  return {
    status: 200,
    body: { status: "Ok" },
    stored: kept.map((event) => {
      const { uuid, distinct_id, timestamp = new Date(nowMs).toISOString(), properties = {} } = event;
      return stored({
        event: event.event,
        uuid: uuidPattern.test(uuid) ? uuid : "",
        distinct_id: distinct_id.slice(0, 200),
        timestamp: timeOf(timestamp, skewMs, nowMs),
        properties,
        isHistorical: body["historical_migration"] === true,
      });
    }),
  };
};
