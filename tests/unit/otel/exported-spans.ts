/** Spans of the real OpenTelemetry SDK, as its exporters would send them in both encodings. */
import { type Attributes, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { JsonTraceSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

type Recorded = {
  scope?: { name: string; version?: string };
  resource?: Attributes;
  spans: {
    name: string;
    attributes?: Attributes;
    events?: { name: string; attributes: Attributes }[];
    error?: string;
    isChild?: boolean;
  }[];
};

/** Ids one after the other, so that the same spans are the same bytes. */
const createIds = () => {
  let count = 0;
  const next = (digits: number) => (++count).toString(16).padStart(digits, "a");
  return { generateTraceId: () => next(32), generateSpanId: () => next(16) };
};

/** Runs the SDK with fixed times and ids. */
export const recordSpans = ({ scope = { name: "test-scope", version: "1.2.3" }, resource = {}, spans }: Recorded): ReadableSpan[] => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    resource: resourceFromAttributes(resource),
    idGenerator: createIds(),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer(scope.name, scope.version);
  let context = ROOT_CONTEXT;
  spans.forEach(({ name, attributes = {}, events = [], error, isChild = false }, index) => {
    const startTime: [number, number] = [1_790_000_000 + index, 123_456_789];
    const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes, startTime }, isChild ? context : ROOT_CONTEXT);
    for (const event of events) span.addEvent(event.name, event.attributes, startTime);
    if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
    if (!isChild) context = trace.setSpan(ROOT_CONTEXT, span);
    span.end([1_790_000_005, 987_654_321]);
  });
  return exporter.getFinishedSpans();
};

const bytesOf = (bytes: Uint8Array | undefined): Uint8Array => {
  if (bytes === undefined) throw new Error("nothing was serialized");
  return bytes;
};

export const asProtobuf = (spans: ReadableSpan[]): Uint8Array => bytesOf(ProtobufTraceSerializer.serializeRequest(spans));
export const asJsonText = (spans: ReadableSpan[]): string => new TextDecoder().decode(bytesOf(JsonTraceSerializer.serializeRequest(spans)));
