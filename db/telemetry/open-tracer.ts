/**
 * Traces of our own: records spans with OpenTelemetry's SDK and sends them as OTLP JSON over HTTP. For the Worker and the runner. Failures
 * are reported and disturb nothing. Memory: at most 2,048 ended spans; more are dropped.
 */
import { type Span as OtelSpan, type Tracer as OtelTracer, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { JsonTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  type SpanExporter,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { TraceSettings } from "../../core/telemetry/otlp-env.ts";
import { parseTraceparent } from "../../core/telemetry/parse-traceparent.ts";
import type { Span, Tracer } from "../../core/telemetry/tracer.ts";

type TracerDeps = {
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Called for each request that the collector did not accept. */
  report: (error: unknown) => void;
};

type TracerOptions = TraceSettings & {
  serviceName: string;
  /** Identifies this process among others of the service; null where there is none, as in the Worker. */
  instanceId: string | null;
  /**
   * `interval`: every five seconds, and by `flush`. `flush`: by that alone, for a tracer that is opened for one request, because the Worker
   * may not wait for what another request sends.
   */
  sendsAt: "interval" | "flush";
};

/** Longest time for the collector to respond. There is no retry: a lost span is no lost data. */
const sendMsMax = 10_000;

export const openTracer = (options: TracerOptions, deps: TracerDeps): Tracer => {
  const exporter = createExporter(options, deps);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      "service.name": options.serviceName,
      ...(options.instanceId === null ? {} : { "service.instance.id": options.instanceId }),
    }),
    sampler: samplerOf(options),
    spanProcessors: [options.sendsAt === "interval" ? new BatchSpanProcessor({ exporter }) : collectUntilFlush(exporter)],
  });
  const tracer = provider.getTracer("spillway");
  return {
    start: (name, { kind, parent, links = [], attributes = {} }) => {
      const from = spanContextOf(parent);
      return wrap(
        tracer,
        tracer.startSpan(
          name,
          {
            kind: kind === "server" ? SpanKind.SERVER : SpanKind.CONSUMER,
            links: links.flatMap((link) => spanContextOf(link) ?? []).map((linked) => ({ context: linked })),
            attributes,
          },
          from === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, from),
        ),
      );
    },
    flush: () => provider.forceFlush().catch(deps.report),
  };
};

const wrap = (tracer: OtelTracer, span: OtelSpan): Span => {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    traceparent: `00-${traceId}-${spanId}-0${traceFlags & 1}`,
    isRecorded: span.isRecording(),
    set: (attributes) => void span.setAttributes(attributes),
    start: (name, attributes = {}) => wrap(tracer, tracer.startSpan(name, { attributes }, trace.setSpan(ROOT_CONTEXT, span))),
    end: (errorType) => {
      if (errorType !== undefined) span.setAttribute("error.type", errorType).setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
};

const spanContextOf = (traceparent: string | null) => {
  const [, traceId = "", spanId = "", flags = "00"] = parseTraceparent(traceparent)?.split("-") ?? [];
  return traceId === "" ? undefined : { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
};

const samplerOf = ({ sampler, ratio }: TraceSettings): Sampler => {
  const roots = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: () => new TraceIdRatioBasedSampler(ratio),
  };
  const [, isParentBased, root] = /^(parentbased_)?(always_on|always_off|traceidratio)$/.exec(sampler) ?? [];
  const ofRoots = roots[root as keyof typeof roots]();
  return isParentBased === undefined ? ofRoots : new ParentBasedSampler({ root: ofRoots });
};

/** Holds the spans of one request, a handful. */
const collectUntilFlush = (exporter: SpanExporter): SpanProcessor => {
  let ended: ReadableSpan[] = [];
  return {
    onStart: () => {},
    onEnd: (span) => {
      if ((span.spanContext().traceFlags & 1) === 1) ended.push(span);
    },
    forceFlush: async () => {
      if (ended.length === 0) return;
      const spans = ended;
      ended = [];
      await new Promise<void>((resolve) => exporter.export(spans, () => resolve()));
    },
    shutdown: async () => {},
  };
};

const createExporter = ({ url, headers }: TraceSettings, { fetch, report }: TracerDeps): SpanExporter => ({
  export: (spans, done) => {
    const send = async () => {
      const response = await fetch(url, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JsonTraceSerializer.serializeRequest(spans) as Uint8Array<ArrayBuffer>,
        signal: AbortSignal.timeout(sendMsMax),
      });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`the collector answered ${response.status}`);
    };
    // A failure is reported here once; handed on, it would also reach OpenTelemetry's global handler.
    void send()
      .catch(report)
      .then(() => done({ code: 0 }));
  },
  shutdown: async () => {},
});
