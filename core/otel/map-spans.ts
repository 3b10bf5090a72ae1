/**
 * Spans to ingestion events: one observation a span, and what a span says about its trace as an event of the trace.
 * Pure: the same spans with the same context give the same events. A span that cannot be mapped is counted for the caller to log, its
 * neighbours go on. What was stored is read by `parseTracesJson`, so that what is above the spans is sound.
 */
import { nameCharactersMax } from "../ingestion/body-schemas.ts";
import type { Json, OtelBody } from "../ingestion/event.ts";
import { finish, type Pieces } from "../pieces.ts";
import { langfuse } from "./attribute-names.ts";
import { type Attributes, firstText, isTrue, toAttributes } from "./attributes.ts";
import { completionStartTime } from "./completion-start.ts";
import { experiment } from "./experiment.ts";
import { observationContent, traceContent } from "./input-output.ts";
import { observationLevel, statusMessage } from "./level.ts";
import { observationMetadata, traceMetadata } from "./metadata.ts";
import { modelName, modelParameters, requestModel } from "./model.ts";
import { observationName } from "./observation-name.ts";
import { observationType } from "./observation-type.ts";
import type { OtlpTraces, Rejection } from "./otlp-traces.ts";
import { promptReference } from "./prompt.ts";
import { createRejectionCount } from "./rejections.ts";
import { type MapContext, type SpanFacts, spanFacts } from "./span-facts.ts";
import { observationTools } from "./tools.ts";
import { environment, hasTraceUpdate, isPublic, release, sessionId, tags, userId, version } from "./trace-fields.ts";
import { costDetails, usageDetails } from "./usage.ts";

/** An ingestion event as an SDK would send it, to be read by `parseEvent` as an internal one: `body.otel` is for ourselves. */
export type MappedEvent = { id: string; timestamp: string; type: string; body: { [field: string]: unknown } };

export type MappedSpans = { events: MappedEvent[]; rejected: Rejection[] };

export const mapSpans = (traces: OtlpTraces, context: MapContext): MappedSpans => finish(mapSpansInPieces(traces, context));

/** The same span by span: a request may hold 100,000. */
export function* mapSpansInPieces(traces: OtlpTraces, context: MapContext): Pieces<MappedSpans> {
  const rejected = createRejectionCount();
  const events: MappedEvent[] = [];
  const shallow = new Map<string, SpanFacts>();
  const described = new Set<string>();
  for (const facts of factsOf(traces, context, rejected.add)) {
    try {
      const observation = observationEvent(facts);
      const isDescribed = facts.isRoot || hasTraceUpdate(facts.attributes);
      if (isDescribed) events.push(traceEvent(facts, fullTrace(facts)));
      events.push(observation);
      const { traceId } = facts.span;
      if (isDescribed) described.add(traceId);
      else if (isEarlier(facts, shallow.get(traceId))) shallow.set(traceId, facts);
    } catch (error) {
      rejected.add(unmappable(error));
    }
    yield;
  }
  for (const [traceId, facts] of shallow) if (!described.has(traceId)) events.push(traceEvent(facts, {}));
  return { events, rejected: rejected.list() };
}

/** The name of the error tells a fault of ours from damaged data; its text might hold data of a customer. */
const unmappable = (error: unknown): string => `the span cannot be mapped (${error instanceof Error ? error.name : typeof error})`;

/** Of the spans of a trace that nobody describes, the first stands for it, whatever the order they came in. */
const isEarlier = (facts: SpanFacts, other: SpanFacts | undefined): boolean =>
  other === undefined || `${facts.startTime}${facts.span.spanId}` < `${other.startTime}${other.span.spanId}`;

function* factsOf(traces: OtlpTraces, context: MapContext, reject: (reason: string, count?: number) => void): Generator<SpanFacts> {
  for (const { resource, scopeSpans } of traces.resourceSpans) {
    const resourceAttributes = toAttributes(resource.attributes);
    for (const { scope, spans } of scopeSpans) {
      const outer = { resourceAttributes, scopeAttributes: toAttributes(scope.attributes) };
      for (const span of spans) {
        try {
          yield spanFacts(span, scope, outer, context);
        } catch (error) {
          reject(unmappable(error));
        }
      }
    }
  }
}

const observationEvent = (facts: SpanFacts): MappedEvent => {
  const { span, attributes, startTime, endTime } = facts;
  const type = observationType(facts);
  const content = observationContent(facts);
  return {
    id: `otel-${span.traceId}-${span.spanId}`,
    timestamp: startTime,
    type: `${type.toLowerCase()}-create`,
    body: withoutUndefined({
      id: span.spanId,
      traceId: span.traceId,
      parentObservationId: span.parentSpanId,
      name: observationName(facts),
      startTime,
      endTime,
      completionStartTime: completionStartTime(facts),
      environment: environment(facts),
      metadata: observationMetadata(facts),
      level: observationLevel(facts),
      statusMessage: statusMessage(facts),
      version: version(facts),
      model: modelName(facts),
      modelParameters: modelParameters(facts),
      usageDetails: usageDetails(facts),
      costDetails: costDetails(facts),
      ...(type === "GENERATION" ? promptReference(attributes) : {}),
      ...content,
      otel: otelBody(facts, content.input, content.output),
    }),
  };
};

const otelBody = (facts: SpanFacts, input: Json | undefined, output: Json | undefined): OtelBody => {
  const { attributes, resourceAttributes, scope } = facts;
  const resource = (name: string) => firstText(resourceAttributes, [name]);
  return withoutUndefined({
    source: "otel",
    serviceName: resource("service.name"),
    serviceVersion: resource("service.version"),
    scopeName: scope.name || undefined,
    scopeVersion: scope.version || undefined,
    telemetrySdkLanguage: resource("telemetry.sdk.language"),
    telemetrySdkName: resource("telemetry.sdk.name"),
    telemetrySdkVersion: resource("telemetry.sdk.version"),
    isAppRoot: isAppRoot(attributes),
    requestModel: requestModel(facts),
    release: release(facts),
    experiment: experiment(attributes),
    ...observationTools(attributes, input, output),
  });
};

const isAppRoot = (attributes: Attributes): boolean | undefined => (isTrue(attributes.get(langfuse.isAppRoot)) ? true : undefined);

/** Only a root names its trace after itself. */
const fullTrace = (facts: SpanFacts): { [field: string]: unknown } => {
  const { attributes, isRoot } = facts;
  const name = firstText(attributes, [langfuse.traceName]) ?? (isRoot ? observationName(facts) : undefined);
  return {
    name: name?.slice(0, nameCharactersMax),
    metadata: traceMetadata(facts),
    version: version(facts),
    release: release(facts),
    userId: userId(attributes),
    sessionId: sessionId(attributes),
    public: isPublic(attributes),
    tags: tags(attributes),
    ...traceContent(facts),
  };
};

const traceEvent = (facts: SpanFacts, fields: { [field: string]: unknown }): MappedEvent => ({
  id: `otel-trace-${facts.span.traceId}-${facts.span.spanId}`,
  timestamp: facts.startTime,
  type: "trace-create",
  body: withoutUndefined({ id: facts.span.traceId, timestamp: facts.startTime, environment: environment(facts), ...fields }),
});

/** A field that is absent changes nothing; one that is undefined would be the same after JSON, and is the same before it. */
type Present<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

const withoutUndefined = <Fields extends object>(fields: Fields): Present<Fields> =>
  // Holds because fields are only taken away, and those are optional in the result.
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<Fields>;
