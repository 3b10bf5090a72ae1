/** Stores one agent's span with usage, as the ingestion does after mapping. */
import { arrangeBatch } from "../../core/ingestion/arrange-batch.ts";
import { parseEvent } from "../../core/ingestion/event-schema.ts";
import { mapSpans } from "../../core/otel/map-spans.ts";
import { parseTracesJson } from "../../core/otel/parse-json.ts";
import { storeGroups } from "../../services/ingestion/store-groups.ts";
import type { Fixture } from "./fixture.ts";

export const storeSpans = async (fixture: Fixture, traceId: string, spanId: string): Promise<void> => {
  const span = {
    traceId,
    spanId,
    name: "run",
    kind: 1,
    startTimeUnixNano: "1795341600000000000",
    endTimeUnixNano: "1795341601000000000",
    attributes: [
      { key: "gen_ai.operation.name", value: { stringValue: "invoke_agent" } },
      { key: "gen_ai.usage.input_tokens", value: { intValue: "5" } },
    ],
  };
  const { traces } = parseTracesJson(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ scope: { name: "tests" }, spans: [span] }] }] }));
  const arrived = mapSpans(traces, { nowMs: Date.UTC(2026, 10, 22) }).events.map((original) => {
    const parsed = parseEvent(JSON.parse(JSON.stringify(original)), { isInternal: true });
    if (!parsed.ok || parsed.event === undefined) throw new Error("A mapped event is refused.");
    return { event: parsed.event, original };
  });
  const groups = arrangeBatch(arrived, {
    projectId: fixture.projectId,
    prefix: fixture.eventPrefix,
    sampling: new Map(),
    segmentBytesMax: 400,
    sha256Hex: fixture.eventStore.sha256Hex,
  });
  const origin = { apiKey: "", sdkName: "tests", sdkVersion: "1" };
  const failed = await storeGroups(fixture.eventStore, { projectId: fixture.projectId, groups, origin, source: "otel" });
  if (failed.size > 0) throw new Error("Not stored.");
};
