/** Takes spans in as one OpenTelemetry request, as the API stores it. */
import { parseTracesJson } from "../../core/otel/parse-json.ts";
import { spansOf } from "../../core/otel/topmost-spans.ts";
import { storeOtelRequest } from "../../services/ingestion/store-otel-request.ts";
import type { Fixture } from "./fixture.ts";

let requests = 0;

/** `resourceSpans` as exporters send them. Later requests have greater keys within a minute. Returns the key. */
export const storeRequest = async (
  fixture: Fixture,
  resourceSpans: readonly object[],
  {
    minute = "2026/11/22/12/00",
    origin = { apiKey: "", sdkName: "tests", sdkVersion: "1" },
  }: { minute?: string; origin?: { apiKey: string; sdkName: string; sdkVersion: string } } = {},
): Promise<string> => {
  const { traces } = parseTracesJson(JSON.stringify({ resourceSpans }));
  const id = String(++requests).padStart(6, "0");
  const fileKey = `${fixture.eventPrefix}otel/${fixture.projectId}/${minute}/${id}.json`;
  await storeOtelRequest(fixture.eventStore, {
    projectId: fixture.projectId,
    fileKey,
    id,
    text: JSON.stringify(traces),
    traceIds: [...new Set([...spansOf(traces)].map(({ traceId }) => traceId))],
    origin,
  });
  return fileKey;
};
