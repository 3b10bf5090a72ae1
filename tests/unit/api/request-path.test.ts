import { expect, it } from "vitest";
import { requestPath } from "../../../api/middleware/request-path.ts";

it.each([
  ["/api/public/otel/v1/traces", "/api/public/otel/v1/traces"],
  ["/api/public/otel/v1/traces/", "/api/public/otel/v1/traces"],
  ["//api/public/otel//v1/traces?x=/y/", "/api/public/otel/v1/traces"],
  ["/api/public/ingestion/", "/api/public/ingestion"],
  ["/api/public/otelx/", "/api/public/otelx/"],
  ["/api/public/traces/", "/api/public/traces/"],
  ["/api/public//batch-exports", "/api/public//batch-exports"],
  ["/", "/"],
])("%s is %s", (path, expected) => {
  expect(requestPath(new Request(`http://host${path}`))).toBe(expected);
});
