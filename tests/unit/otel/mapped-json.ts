/** One span as OTLP/JSON through parsing and mapping, with everything a span may carry. */
import { mapSpans } from "../../../core/otel/map-spans.ts";
import { parseTracesJson } from "../../../core/otel/parse-json.ts";
import { expectTaken, nowMs } from "./mapped-spans.ts";

export type Plain = string | number | boolean | Plain[] | { [key: string]: Plain };
export type PlainAttributes = { [name: string]: Plain };

export type JsonSpan = {
  attributes?: PlainAttributes;
  events?: { name: string; attributes?: PlainAttributes; timeUnixNano?: string }[];
  links?: { traceId: string; spanId: string; traceState?: string; attributes?: PlainAttributes }[];
  kind?: number;
  traceState?: string;
  status?: { code: number; message?: string };
  scope?: string;
  resource?: PlainAttributes;
  name?: string;
  parentSpanId?: string;
  startTimeUnixNano?: string;
  endTimeUnixNano?: string;
};

const anyValue = (value: Plain): object => {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  return { kvlistValue: { values: pairs(value) } };
};
const pairs = (attributes: PlainAttributes = {}): object[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));

export const start = "1795341600000000000";
export const startTime = "2026-11-22T10:00:00.000000Z";
/** Two seconds later. */
export const end = "1795341602000000000";

export const mapJson = ({ attributes, events = [], links = [], scope = "test-scope", resource = {}, ...span }: JsonSpan) => {
  const request = {
    resourceSpans: [
      {
        resource: { attributes: pairs(resource) },
        scopeSpans: [
          {
            scope: { name: scope },
            spans: [
              {
                traceId: "0123456789abcdef0123456789abcdef",
                spanId: "0123456789abcdef",
                name: "span",
                startTimeUnixNano: start,
                endTimeUnixNano: end,
                ...span,
                attributes: pairs(attributes),
                events: events.map((event) => ({ timeUnixNano: start, ...event, attributes: pairs(event.attributes) })),
                links: links.map((link) => ({ ...link, attributes: pairs(link.attributes) })),
              },
            ],
          },
        ],
      },
    ],
  };
  const { events: mapped, rejected } = mapSpans(parseTracesJson(JSON.stringify(request)).traces, { nowMs });
  const observation = mapped.find((event) => event.type !== "trace-create");
  const trace = mapped.find((event) => event.type === "trace-create");
  if (observation === undefined || trace === undefined || rejected.length > 0)
    throw new Error(`not mapped: ${JSON.stringify({ mapped, rejected })}`);
  for (const event of mapped) expectTaken(event);
  const metadata = observation.body["metadata"] as { [key: string]: unknown } & { attributes?: { [name: string]: unknown } };
  return { observation, trace, metadata, left: metadata.attributes ?? {} };
};
