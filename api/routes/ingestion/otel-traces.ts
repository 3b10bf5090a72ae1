/**
 * POST /api/public/otel/v1/traces: accepts OpenTelemetry over HTTP, in protobuf or JSON. Stores the decoded request; the runner makes
 * events of its spans. Memory: the body, one part of the request as text, and one span.
 */

import { z } from "@hono/zod-openapi";
import { objectStoreErrorCodes } from "../../../core/engine-errors.ts";
import { AppError } from "../../../core/errors.ts";
import { otelRequestKey } from "../../../core/ingestion/blob-key.ts";
import { openTracesProtobuf } from "../../../core/otel/decode-protobuf.ts";
import { encodeTracesResponseJson, encodeTracesResponseProtobuf } from "../../../core/otel/encode-response.ts";
import { defaultOtlpLimits } from "../../../core/otel/otlp-traces.ts";
import { openTracesJson } from "../../../core/otel/parse-json.ts";
import { partsOf, type RequestPart } from "../../../core/otel/request-parts.ts";
import type { SpanStream } from "../../../core/otel/span-stream.ts";
import { storeOtelRequest } from "../../../services/ingestion/store-otel-request.ts";
import type { App, IngestionDeps } from "../../deps.ts";
import { senderRoute } from "../declare-route.ts";
import { json, jsonRequest } from "../describe.ts";
import { authoriseSender } from "./authorise.ts";
import { eventsOf, openEventStore } from "./event-store.ts";
import { isProtobufType, otelBytesMax, protobufType } from "./otel-encoding.ts";
import { bodyCodes, readBody } from "./read-body.ts";

const { elementsMax, spansMax, spanElementsMax, spanSizeMax, headSizeMax } = defaultOtlpLimits;
const [spanMibMax, headMibMax, bodyMibMax] = [spanSizeMax, headSizeMax, otelBytesMax].map((bytes) => bytes / 1024 / 1024);

const exampleRequest = {
  resourceSpans: [
    {
      scopeSpans: [
        {
          spans: [
            {
              traceId: "5b8efff798038103d269b633813fc60c",
              spanId: "eee19b7ec3c1b174",
              name: "chat gpt-4o",
              startTimeUnixNano: "1793534400000000000",
              endTimeUnixNano: "1793534401000000000",
              attributes: [{ key: "gen_ai.request.model", value: { stringValue: "gpt-4o" } }],
            },
          ],
        },
      ],
    },
  ],
};

const route = senderRoute(["INGESTION_DISABLED", ...bodyCodes, ...objectStoreErrorCodes, "INVALID_JSON"], {
  method: "post",
  path: "/api/public/otel/v1/traces",
  operationId: "exportOtelTraces",
  tags: ["Ingestion"],
  summary: "Send OpenTelemetry spans",
  description: `OTLP/HTTP with application/x-protobuf or application/json, optionally gzip. A request may have ${bodyMibMax} MiB uncompressed, ${spansMax} spans, and ${elementsMax} resources, scopes, spans, events, links and attributes; a larger one is refused with 413. A span may have ${spanMibMax} MiB and ${spanElementsMax} events, links, attributes and values; a larger span, or one under a resource or scope of more than ${headMibMax} MiB, is rejected. The response is an ExportTraceServiceResponse in the same encoding: rejected spans are counted in partialSuccess, all others are durable.`,
  responses: { 200: json(z.object({ partialSuccess: z.unknown().optional() }).openapi("OtlpTracesAnswer"), "Stored.") },
});

export const registerOtelTraces = (app: App, deps: IngestionDeps): void => {
  app.openAPIRegistry.registerPath({
    ...route,
    request: { body: jsonRequest(z.object({ resourceSpans: z.array(z.unknown()) }).openapi("OtlpTraces"), exampleRequest) },
  });
  app.post(route.path, async (c) => {
    const sender = await authoriseSender(c, deps);
    if (sender.access !== "project") throw new AppError({ code: "FORBIDDEN_SCOPE", message: "Spans need the secret key of a project." });
    const { prefix } = eventsOf(deps);
    const isProtobuf = isProtobufType(c);
    const body = await readBody(c, otelBytesMax);
    const store = openEventStore(c, deps);
    const { projectId, origin } = sender;
    const atMs = deps.nowMs();
    const { rejected, parts } = checkedParts(() => (isProtobuf ? openTracesProtobuf(body) : openTracesJson(body)));
    for (const { body: text, traceIds } of parts) {
      // Sorts by time: of a span that is sent again, the later request counts.
      const id = `${atMs}-${deps.newUuid()}`;
      await storeOtelRequest(store, { projectId, fileKey: otelRequestKey({ prefix, projectId, atMs, id }), id, text, traceIds, origin });
    }
    return isProtobuf
      ? c.body(encodeTracesResponseProtobuf(rejected()), 200, { "content-type": protobufType })
      : c.json(encodeTracesResponseJson(rejected()), 200);
  });
};

/**
 * Validates the whole request before any of it is stored. If it fits one part, that part is kept; a larger request is read to its end first
 * and then a second time.
 */
const checkedParts = (
  open: () => SpanStream,
): { rejected: () => ReturnType<SpanStream["reads"]["rejected"]["list"]>; parts: Iterable<RequestPart> } => {
  const { spans, reads } = open();
  const { value: first } = partsOf(spans).next();
  const parts = reads.isComplete ? (first === undefined ? [] : [first]) : undefined;
  for (const _ of spans) {
    // Reading on throws if the rest is invalid.
  }
  return { rejected: () => reads.rejected.list(), parts: parts ?? partsOf(open().spans) };
};
