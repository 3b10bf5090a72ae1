/**
 * A server that answers as Mixpanel's `/import` does. Contract: docs.mixpanel.com/reference/import-events.md and
 * docs.mixpanel.com/troubleshooting/errors/400-bad-request.md, read 2026-11-28. For development and tests only.
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

export type MixpanelStored = { event: string; properties: Record<string, unknown> };

export type MixpanelServerOptions = {
  port?: number;
  projectToken: string;
  /** Uncompressed. */
  bodyBytesMax?: number;
  nowMs?: () => number;
  fault?: (request: SinkServerRequest) => SinkFault | undefined;
  /** Refuses an event besides those that break a rule. */
  refuse?: (event: MixpanelStored) => { field: string; message: string } | undefined;
  file?: string;
};

type Answer = ProductAnswer<MixpanelStored>;

const bytesMax = 10 * 1024 * 1024;
const eventsMax = 2000;
const eventBytesMax = 1024 * 1024;
const widthMax = 255;
const refusedIds = new Set(
  "-1 0 00000000-0000-0000-0000-000000000000 <nil> [] anon anonymous false lmy47d n/a na nil none null true undefined unknown {}".split(
    " ",
  ),
);

export const startMixpanelServer = (options: MixpanelServerOptions): Promise<SinkServer<MixpanelStored>> =>
  startSinkServer({
    port: options.port ?? 0,
    fault: options.fault,
    file: options.file,
    answer: (request) => {
      if (request.path !== "/import") return failure(404, "not found", "Not Found");
      if (request.query.has("api_key")) return formImport(request, options);
      return request.method === "POST" ? strictImport(request, options) : failure(405, "method not allowed", "Method Not Allowed");
    },
  });

const failure = (code: number, error: string, status: string): Answer => ({ status: code, body: { code, error, status } });

const keyOf = ({ event, properties }: MixpanelStored) =>
  JSON.stringify([event, properties["distinct_id"], properties["time"], properties["$insert_id"]]);
const stored = (event: MixpanelStored) => ({ key: keyOf(event), event });

const isEvent = (value: unknown): value is MixpanelStored =>
  isRecord(value) && typeof value["event"] === "string" && isRecord(value["properties"]);

const strictImport = (request: SinkServerRequest, options: MixpanelServerOptions): Answer => {
  const { headers, query, body } = request;
  if (headers.authorization !== `Basic ${Buffer.from(`${options.projectToken}:`).toString("base64")}`)
    return failure(401, "Invalid credentials", "Unauthorized");
  const limit = options.bodyBytesMax ?? bytesMax;
  if ((body?.byteLength ?? 0) > limit) return failure(413, `request exceeds max limit of ${limit} bytes`, "Request Entity Too Large");
  const events = headers["content-type"]?.startsWith("application/json") ? jsonBody(request) : undefined;
  if (!Array.isArray(events)) return failure(400, "unable to parse request body", "Bad Request");
  if (events.length > eventsMax) return failure(413, `request exceeds max limit of ${eventsMax} events`, "Request Entity Too Large");
  const nowMs = options.nowMs?.() ?? Date.now();
  const faults = events.map((event) => faultOf(event, nowMs) ?? options.refuse?.(event as MixpanelStored));
  const good = events.filter((_, index) => faults[index] === undefined) as MixpanelStored[];
  const failed = faults.flatMap((fault, index) =>
    fault === undefined ? [] : [{ index, insert_id: events[index]?.properties?.$insert_id ?? "", ...fault }],
  );
  const isStrict = query.get("strict") === "1" && failed.length > 0;
  return {
    status: isStrict ? 400 : 200,
    body: isStrict
      ? {
          code: 400,
          error: "some data points in the request failed validation",
          status: "Bad Request",
          num_records_imported: good.length,
          failed_records: failed,
        }
      : { code: 200, num_records_imported: good.length, status: "OK" },
    stored: good.map(stored),
  };
};

type Fault = { field: string; message: string };

const faultOf = (event: unknown, nowMs: number): Fault | undefined => {
  if (!isEvent(event)) return { field: "event", message: "'event' is invalid: must not be empty" };
  const invalid = (field: string, why: string): Fault => ({ field, message: `'${field}' is invalid: ${why}` });
  const { time, distinct_id, $insert_id } = event.properties;
  if (typeof time !== "number") return invalid("properties.time", "must be specified as seconds since epoch");
  const ms = time < 100_000_000_000 ? time * 1000 : time;
  if (ms < Date.UTC(1971, 0, 1) || ms > nowMs + 3_600_000) return invalid("properties.time", "is out of range");
  if (typeof distinct_id !== "string" || refusedIds.has(distinct_id.trim().toLowerCase()))
    return invalid("properties.distinct_id", "is a placeholder");
  if (typeof $insert_id !== "string" || !/^[a-zA-Z0-9-]{1,36}$/.test($insert_id))
    return invalid("properties.$insert_id", "must be 1 to 36 of [a-zA-Z0-9-]");
  if (Object.keys(event.properties).length >= widthMax) return invalid("properties", "too many properties");
  for (const [name, value] of Object.entries(event.properties)) {
    if (Array.isArray(value) && value.length >= widthMax) return invalid(`properties.${name}`, "too many elements");
    if (isRecord(value) && Object.keys(value).length >= widthMax) return invalid(`properties.${name}`, "too many keys");
  }
  return Buffer.byteLength(JSON.stringify(event)) >= eventBytesMax ? invalid("event", "is too large") : undefined;
};

/** The older form of `/import`, which Mixpanel's own library for Node uses: base64 in a parameter, answered by `1`. */
const formImport = (request: SinkServerRequest, { projectToken }: MixpanelServerOptions): Answer => {
  const data = request.query.get("data") ?? new URLSearchParams(request.body?.toString().replaceAll("+", "%2B")).get("data") ?? "";
  const parsed: unknown = JSON.parse(Buffer.from(data, "base64").toString("utf8"));
  const events = (Array.isArray(parsed) ? parsed : [parsed]).filter(isEvent);
  const isKnown = events.every(({ properties }) => properties["token"] === projectToken);
  return { status: isKnown ? 200 : 401, body: isKnown ? 1 : 0, stored: isKnown ? events.map(stored) : [] };
};
