/**
 * POST /api/public/otel/v1/metrics and /v1/logs: respond with success in OTLP's form and store nothing, as Langfuse does. Exporters with a
 * single endpoint send all signals there, and would log and resend a refused request forever.
 */

import { z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import type { App, IngestionDeps } from "../../deps.ts";
import { senderRoute } from "../declare-route.ts";
import { json } from "../describe.ts";
import { authoriseSender } from "./authorise.ts";
import { isProtobufType, otelBytesMax, protobufType } from "./otel-encoding.ts";
import { bodyCodes, dropBody } from "./read-body.ts";

const signals = [
  { name: "metrics", operationId: "exportOtelMetrics", answer: "ExportMetricsServiceResponse" },
  { name: "logs", operationId: "exportOtelLogs", answer: "ExportLogsServiceResponse" },
] as const;

const routes = signals.map(({ name, operationId, answer }) =>
  senderRoute([...bodyCodes], {
    method: "post",
    path: `/api/public/otel/v1/${name}`,
    operationId,
    tags: ["Ingestion"],
    summary: `Accept OpenTelemetry ${name} without storing them`,
    description: `For exporters that send every signal to one endpoint. The body, up to ${otelBytesMax / 1024 / 1024} MiB as sent, is read and dropped without being parsed. The response is an empty ${answer} in the encoding of the request, which means success, so that exporters neither log an error nor send it again.`,
    responses: { 200: json(z.object({}).openapi(answer), "Dropped.") },
  }),
);

export const unstoredPaths: readonly string[] = routes.map(({ path }) => path);

export const registerOtelUnstored = (app: App, deps: IngestionDeps): void => {
  for (const route of routes) {
    app.openAPIRegistry.registerPath(route);
    app.post(route.path, async (c) => {
      const { access } = await authoriseSender(c, deps);
      if (access !== "project")
        throw new AppError({ code: "FORBIDDEN_SCOPE", message: "OpenTelemetry needs the secret key of a project." });
      const isProtobuf = isProtobufType(c);
      await dropBody(c, otelBytesMax);
      return isProtobuf ? c.body(new Uint8Array(), 200, { "content-type": protobufType }) : c.json({}, 200);
    });
  }
};
