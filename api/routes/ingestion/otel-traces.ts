/** POST /api/public/otel/v1/traces: OpenTelemetry over HTTP, in protobuf or JSON. The request is kept as it is understood; the runner makes events of its spans. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { AppError } from "../../../core/errors.ts";
import { decodeTracesProtobuf } from "../../../core/otel/decode-protobuf.ts";
import { encodeTracesResponseJson, encodeTracesResponseProtobuf } from "../../../core/otel/encode-response.ts";
import type { OtlpTraces, Rejection } from "../../../core/otel/otlp-traces.ts";
import { parseTracesJson } from "../../../core/otel/parse-json.ts";
import { storeOtelRequest } from "../../../db/event-store/store-otel-request.ts";
import type { App, AppDeps, AppEnv } from "../../deps.ts";
import { isJsonType } from "../../middleware/json-body.ts";
import { json, refusals, security } from "../describe.ts";
import { authoriseSender } from "./authorise.ts";
import { readBody, utf8Text } from "./read-body.ts";
import { eventsOf } from "./store-batch.ts";

/** Unpacked; the Worker has 128 MB in all. */
const otelBytesMax = 16 * 1024 * 1024;

const route = createRoute({
  method: "post",
  path: "/api/public/otel/v1/traces",
  operationId: "exportOtelTraces",
  tags: ["Ingestion"],
  summary: "Send OpenTelemetry spans",
  description:
    "OTLP/HTTP with application/x-protobuf or application/json, also gzip, 16 MiB unpacked at most. The answer is an ExportTraceServiceResponse in the same encoding; spans that cannot be taken are counted in partialSuccess, all others are stored for good.",
  security,
  responses: { 200: json(z.object({ partialSuccess: z.unknown().optional() }).openapi("OtlpTracesAnswer"), "Stored."), ...refusals },
});

export const registerOtelTraces = (app: App, deps: AppDeps): void => {
  app.openAPIRegistry.registerPath(route);
  app.post(route.path, async (c) => {
    const sender = await authoriseSender(c, deps);
    if (sender.access !== "project") throw new AppError({ code: "FORBIDDEN_SCOPE", message: "Spans need the secret key of a project." });
    const { prefix, s3Client: s3, isLogEnabled, sha256Hex } = eventsOf(deps);
    const type = c.req.header("content-type") ?? "";
    const isProtobuf = /^\s*application\/x-protobuf\s*(;|$)/i.test(type);
    if (!isProtobuf && !isJsonType(type))
      throw new AppError({ code: "UNSUPPORTED_MEDIA_TYPE", message: "Send application/x-protobuf or application/json." });
    const body = await readBody(c, otelBytesMax);
    const { traces, rejected } = isProtobuf ? decodeTracesProtobuf(body) : parseTracesJson(utf8Text(body));
    const traceIds = traceIdsOf(traces);
    if (traceIds.length > 0) {
      const id = deps.newUuid();
      const minute = new Date(deps.nowMs()).toISOString().slice(0, 16).replaceAll(/[-T:]/g, "/");
      await storeOtelRequest(
        { db: c.get("db"), s3, isLogEnabled, nowMs: deps.nowMs, newJobId: () => deps.newId("job"), sha256Hex },
        {
          projectId: sender.projectId,
          fileKey: `${prefix}otel/${sender.projectId}/${minute}/${id}.json`,
          id,
          text: JSON.stringify(traces),
          traceIds,
          origin: sender.origin,
        },
      );
    }
    return answer(c, isProtobuf, rejected);
  });
};

const traceIdsOf = ({ resourceSpans }: OtlpTraces): string[] => [
  ...new Set(resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map(({ traceId }) => traceId)))),
];

const answer = (c: Context<AppEnv>, isProtobuf: boolean, rejected: Rejection[]): Response =>
  isProtobuf
    ? c.body(encodeTracesResponseProtobuf(rejected), 200, { "content-type": "application/x-protobuf" })
    : c.json(encodeTracesResponseJson(rejected), 200);
