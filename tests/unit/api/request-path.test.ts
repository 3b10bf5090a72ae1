import { expect, it } from "vitest";
import { requestPath } from "../../../api/middleware/request-path.ts";

it.each([
  ["/api/public/otel/v1/traces", "/api/public/otel/v1/traces"],
  ["/api/public/otel/v1/traces/", "/api/public/otel/v1/traces"],
  ["//api/public/otel//v1/traces?x=/y/", "/api/public/otel/v1/traces"],
  ["/api/public/otel/v1/metrics", "/api/public/otel/v1/metrics"],
  ["/api/public/otel", "/api/public/otel/v1/traces"],
  ["/api/public/otel/?a=b", "/api/public/otel/v1/traces"],
  ["/api/public/otel/v1", "/api/public/otel/v1/traces"],
  ["/api/public/otel/v1/traces/v1/traces", "/api/public/otel/v1/traces"],
  ["/api/public/otel/v1/traces/v1/logs", "/api/public/otel/v1/logs"],
  ["/v1/traces", "/api/public/otel/v1/traces"],
  ["/v1/metrics/", "/api/public/otel/v1/metrics"],
  ["/v1/tracesx", "/v1/tracesx"],
  ["/v1/traces/x", "/v1/traces/x"],
  ["/api/public/otel/v1/profiles", "/api/public/otel/v1/profiles"],
  ["/api/public/otel/v2/traces", "/api/public/otel/v2/traces"],
  ["/api/public/ingestion/", "/api/public/ingestion"],
  ["/api/public/otelx/", "/api/public/otelx/"],
  ["/api/public/traces/", "/api/public/traces/"],
  ["/api/public//batch-exports", "/api/public//batch-exports"],
  ["/", "/"],
])("%s is %s", (path, expected) => {
  expect(requestPath(new Request(`http://host${path}`))).toBe(expected);
});
