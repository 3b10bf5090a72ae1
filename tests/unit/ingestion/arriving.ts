/** Events as SDKs send them, for the tests of this folder, and generators of such events, right and wrong. */
import fc from "fast-check";
import { expect } from "vitest";
import type { IngestionEvent } from "../../../core/ingestion/event.ts";
import { parseEvent } from "../../../core/ingestion/event-schema.ts";
import type { eventTypes } from "../../../core/ingestion/event-types.ts";

export const seed = Number(process.env["INGESTION_SEED"] ?? 20260121);
export const numRuns = Number(process.env["INGESTION_RUNS"] ?? 300);

export const sentAt = "2026-01-02T03:04:05.678Z";

export const sent = (type: string, body: unknown, rest: object = {}) => ({ id: "evt-1", timestamp: sentAt, type, body, ...rest });

const audience = (isInternal: boolean | undefined) => ({ isInternal: isInternal ?? false });

export const parsed = (input: unknown, isInternal?: boolean): IngestionEvent => {
  const result = parseEvent(input, audience(isInternal));
  if (!result.ok || result.event === undefined) throw new Error(`not an event: ${JSON.stringify(result)}`);
  return result.event;
};

export const bodyOf = (type: string, body: unknown, isInternal?: boolean) => parsed(sent(type, body), isInternal).body;

export const faultOf = (input: unknown, isInternal?: boolean): string => {
  const result = parseEvent(input, audience(isInternal));
  expect(result).toMatchObject({ ok: false, status: 400, message: "Invalid request data" });
  return result.ok ? "" : result.error;
};

/** A body that each type takes, with nothing that need not be there. */
export const leastBodies: Record<keyof typeof eventTypes, Record<string, unknown>> = {
  "trace-create": {},
  "event-create": { id: "o" },
  "span-create": { id: "o" },
  "span-update": { id: "o" },
  "generation-create": { id: "o" },
  "generation-update": { id: "o" },
  "agent-create": { id: "o" },
  "tool-create": { id: "o" },
  "chain-create": { id: "o" },
  "retriever-create": { id: "o" },
  "evaluator-create": { id: "o" },
  "embedding-create": { id: "o" },
  "guardrail-create": { id: "o" },
  "score-create": { name: "s", value: 1, traceId: "t" },
  "dataset-run-item-create": { traceId: "t", datasetId: "d", runId: "r", datasetItemId: "i" },
  "observation-create": { type: "SPAN" },
  "observation-update": { type: "GENERATION" },
};
export const typeNames = Object.keys(leastBodies) as (keyof typeof eventTypes)[];

const anyJson = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>("\ud800", "a\u0000b", "\r", 1e300, -1, 0.5, JSON.parse("1e999"), JSON.parse('{"__proto__":{"input":1}}')),
);
const name = fc.oneof(fc.constantFrom("a", "b", "c/d", "..", "é👩"), fc.string({ minLength: 1, maxLength: 20 }));
const instant = fc
  .tuple(
    fc.date({ min: new Date("1970-01-02"), max: new Date("2149-06-05"), noInvalidDate: true }),
    fc.constantFrom("Z", "+05:30", "-11:00"),
    fc.constantFrom("", ".1", ".123456789"),
  )
  .map(([date, zone, fraction]) => `${date.toISOString().slice(0, 19)}${fraction}${zone}`);
const environment = fc.oneof(fc.constantFrom("Prod", "langfuse-x", "LANGFUSElangfuse_", "bad name", "x".repeat(60), null, 5), name);

const fields: Record<string, fc.Arbitrary<unknown>> = {
  id: name,
  traceId: name,
  sessionId: name,
  datasetRunId: name,
  observationId: name,
  parentObservationId: fc.oneof(name, fc.constant(null), fc.constant("")),
  name,
  timestamp: instant,
  startTime: instant,
  endTime: fc.oneof(instant, fc.constant(null)),
  completionStartTime: instant,
  createdAt: instant,
  input: anyJson,
  output: anyJson,
  metadata: anyJson,
  environment,
  tags: fc.array(fc.string()),
  level: fc.constantFrom("DEBUG", "ERROR", null),
  usage: fc.oneof(fc.dictionary(fc.constantFrom("input", "output", "total", "promptTokens", "totalCost"), anyJson), fc.constant(null)),
  usageDetails: fc.oneof(
    fc.dictionary(fc.string(), anyJson),
    fc.record({ prompt_tokens: fc.nat(), completion_tokens: fc.nat(), total_tokens: fc.nat() }),
  ),
  costDetails: fc.dictionary(fc.string(), fc.oneof(fc.double(), anyJson)),
  modelParameters: fc.dictionary(fc.string(), anyJson),
  promptName: name,
  promptVersion: fc.nat(70_000),
  value: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string(), fc.constantFrom(0, 1)),
  dataType: fc.constantFrom("NUMERIC", "CATEGORICAL", "BOOLEAN", "TEXT", "CORRECTION"),
  source: fc.constantFrom("API", "EVAL", "ANNOTATION"),
  otel: fc.constantFrom<unknown>({ source: "x" }, { source: 5 }, { isAppRoot: true, toolDefinitions: { a: "b" } }, null),
};
const someFields: fc.Arbitrary<Record<string, unknown>> = fc.record(fields, { requiredKeys: [] });

/** Mostly right: the least body of a type with some of all fields, most of which fit. */
export const arriving = fc
  .record({
    id: name,
    timestamp: instant,
    type: fc.constantFrom(...typeNames),
    body: someFields,
    keys: fc.subarray(Object.keys(fields), { maxLength: 8 }),
  })
  .map(({ id, timestamp, type, body, keys }) => ({
    id,
    timestamp,
    type,
    body: { ...leastBodies[type], ...Object.fromEntries(Object.entries(body).filter(([key]) => keys.includes(key))) },
  }));

/** Mostly wrong: an envelope with anything anywhere, or anything at all. */
export const anything: fc.Arbitrary<unknown> = fc.oneof(
  arriving.chain((event) =>
    fc.record({ field: fc.constantFrom(...Object.keys(fields)), value: anyJson }).map(({ field, value }) => ({
      ...event,
      body: { ...event.body, [field]: value },
    })),
  ),
  fc.record({
    id: anyJson,
    timestamp: anyJson,
    type: fc.oneof(fc.constantFrom(...typeNames, "sdk-log", "__proto__"), anyJson),
    body: anyJson,
  }),
  anyJson,
);
