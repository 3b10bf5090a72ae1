/**
 * OpenTelemetry, mapping: spans to ingestion events: one observation per span, and trace events for what it says about its trace and
 * whether it may be the root.
 * Pure: the same spans and context give the same events. A span that cannot be mapped is counted for the caller to log. Everything above
 * the spans is valid: `parseTracesJson` reads stored requests.
 */
import { nameCharactersMax } from "../ingestion/body-schemas.ts";
import type { Json, ObservationType, OtelBody, RootCandidate } from "../ingestion/event.ts";
import { finish, type Pieces } from "../pieces.ts";
import { langfuse, traceNameNames } from "./attribute-names.ts";
import { type Attributes, firstText, isMeaningful, isTrue, toAttributes } from "./attributes.ts";
import { completionStartTime } from "./completion-start.ts";
import { experiment } from "./experiment.ts";
import { observationContent } from "./input-output.ts";
import { observationLevel, statusMessage } from "./level.ts";
import type { MappedEvent } from "./mapped-event.ts";
import { observationMetadata, traceMetadata } from "./metadata.ts";
import { modelName, modelParameters, requestModel } from "./model.ts";
import { observationName } from "./observation-name.ts";
import { observationType } from "./observation-type.ts";
import type { OtlpTraces, Rejection } from "./otlp-traces.ts";
import { promptReference } from "./prompt.ts";
import { createRejectionCount } from "./rejections.ts";
import { rollingUpRepeatedCalls } from "./repeated-calls.ts";
import { mayRepeatCalls, namingRollUps, rollUp, withRollUp } from "./roll-up.ts";
import { type MapContext, type SpanFacts, spanFacts } from "./span-facts.ts";
import { textHash } from "./text-hash.ts";
import { observationTools } from "./tools.ts";
import { parentOf, type TraceSpans, topmostSpans } from "./topmost-spans.ts";
import {
  environment,
  hasTraceUpdate,
  isPublic,
  isSessionInferred,
  isUserInferred,
  namedEnvironment,
  release,
  sessionId,
  tags,
  traceContent,
  userId,
  version,
  withResource,
} from "./trace-fields.ts";
import { costDetails, usageDetails } from "./usage.ts";

type MappedSpans = { events: MappedEvent[]; rejected: Rejection[] };

export const mapSpans = (traces: OtlpTraces, context: MapContext): MappedSpans => finish(mapSpansInPieces(traces, context));

/** Does the same span by span: a request may hold 100,000. */
export function* mapSpansInPieces(traces: OtlpTraces, context: MapContext): Pieces<MappedSpans> {
  const rejected = createRejectionCount();
  const events: MappedEvent[] = [];
  const calls = new Set<MappedEvent>();
  const byTrace = topmostSpans(traces, context.nowMs);
  for (const facts of factsOf(traces, context, rejected.add)) {
    try {
      const type = observationType(facts);
      const observation = observationEvent(facts, type);
      if (mayRepeatCalls(facts, type)) calls.add(observation);
      const trace = traceEvent(facts, { isTopmost: byTrace.get(facts.span.traceId)?.topmost.has(facts.span) === true });
      if (trace !== undefined) events.push(trace);
      events.push(observation);
    } catch (error) {
      rejected.add(unmappable(error));
    }
    yield;
  }
  for (const [traceId, spans] of byTrace) if (spans.spanIds.size > 1) events.push(spanIdsEvent(traceId, spans));
  return { events: namingRollUps(rollingUpRepeatedCalls(events, calls)), rejected: rejected.list() };
}

/** Names only the error's class, which tells our own bug from damaged data. Its message might hold customer data. */
const unmappable = (error: unknown): string => `the span cannot be mapped (${error instanceof Error ? error.name : typeof error})`;

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

/** Id of the event of the span's observation. */
export const eventIdOfSpan = ({ traceId, spanId }: { traceId: string; spanId: string }): string => `otel-${traceId}-${spanId}`;

const observationIdOf = ({ context, span: { traceId } }: SpanFacts, spanId: string): string =>
  context.observationIdOf?.({ traceId, spanId }) ?? spanId;

const observationIdOfParent = (facts: SpanFacts): string | undefined => {
  const parentSpanId = parentOf(facts.span);
  return parentSpanId === undefined ? undefined : observationIdOf(facts, parentSpanId);
};

const observationEvent = (facts: SpanFacts, type: ObservationType): MappedEvent => {
  const { span, attributes, startTime, endTime } = facts;
  const content = observationContent(facts);
  const rolledUp = rollUp(facts, type);
  return {
    id: eventIdOfSpan(span),
    timestamp: startTime,
    type: `${type.toLowerCase()}-create`,
    body: withoutUndefined({
      id: observationIdOf(facts, span.spanId),
      traceId: span.traceId,
      parentObservationId: observationIdOfParent(facts),
      name: observationName(facts),
      startTime,
      endTime,
      completionStartTime: completionStartTime(facts),
      environment: environment(facts),
      metadata: observationMetadata(facts),
      level: observationLevel(facts),
      statusMessage: statusMessage(facts),
      version: version(facts),
      model: rolledUp === undefined ? modelName(facts) : firstText(attributes, [langfuse.modelName]),
      modelParameters: modelParameters(facts),
      usageDetails: rolledUp === undefined ? usageDetails(facts) : undefined,
      costDetails: rolledUp === undefined ? costDetails(facts) : undefined,
      ...(type === "GENERATION" ? promptReference(attributes) : {}),
      ...content,
      otel: withRollUp(otelBody(facts, content.input, content.output), rolledUp),
    }),
  };
};

const otelBody = (facts: SpanFacts, input: Json | undefined, output: Json | undefined): OtelBody => {
  const { attributes, resourceAttributes, scope } = facts;
  const resource = (name: string) => firstText(resourceAttributes, [name]);
  return withoutUndefined({
    source: "otel",
    spanId: facts.span.spanId,
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

/** Returns the trace event of a span that may be the root of its trace or carries attributes about it. */
const traceEvent = (facts: SpanFacts, { isTopmost }: { isTopmost: boolean }): MappedEvent | undefined => {
  const { span, startTime } = facts;
  const isMarked = facts.isRoot || isAppRoot(facts.attributes) === true;
  const attributes = isMarked ? withResource(facts) : facts.attributes;
  const updatesTrace = isMarked || hasTraceUpdate(attributes);
  if (!updatesTrace && !isTopmost) return undefined;
  return {
    id: `otel-trace-${span.traceId}-${span.spanId}`,
    timestamp: startTime,
    type: "trace-create",
    body: withoutUndefined({
      id: span.traceId,
      timestamp: startTime,
      ...(updatesTrace ? traceAttributes(facts, attributes) : {}),
      otel: withoutUndefined({
        spanIds: span.spanId,
        isSessionInferred: isSessionInferred(attributes) ? true : undefined,
        isUserInferred: isUserInferred(attributes) ? true : undefined,
        candidate: isMarked || isTopmost ? rootCandidate(facts) : undefined,
      }),
    }),
  };
};

/** Returns the fields set for the trace itself; they count whichever span carries them. */
const traceAttributes = (facts: SpanFacts, attributes: Attributes): { [field: string]: unknown } => {
  const metadata = traceMetadata(facts);
  return {
    name: firstText(attributes, traceNameNames)?.slice(0, nameCharactersMax),
    metadata: isMeaningful(metadata) ? metadata : undefined,
    userId: userId(attributes),
    sessionId: sessionId(attributes),
    public: isPublic(attributes),
    tags: tags(attributes),
    environment: namedEnvironment(facts),
    ...traceContent(attributes),
  };
};

/**
 * Returns how the trace is named if this span is its root. Many spans are topmost only until one above them arrives, so their content is
 * read from the observation if one stays.
 */
const rootCandidate = (facts: SpanFacts): RootCandidate => {
  const { span, attributes } = facts;
  const marker = isAppRoot(attributes) === true ? "app-root" : facts.isRoot ? "root" : undefined;
  return withoutUndefined({
    spanId: span.spanId,
    parentSpanId: parentOf(span),
    observationId: observationIdOf(facts, span.spanId),
    marker,
    name: observationName(facts).slice(0, nameCharactersMax),
    version: version(facts),
    release: release(facts),
    environment: environment(facts),
    content: marker === undefined ? undefined : { ...observationContent(facts), metadata: observationMetadata(facts) },
  }) as RootCandidate;
};

/** Records which spans of the trace are known. Its id is derived from the set, so that no other set overwrites it. */
const spanIdsEvent = (traceId: string, { spanIds, startTime }: TraceSpans): MappedEvent => {
  const list = [...spanIds].toSorted().join("");
  return {
    id: `otel-spans-${traceId}-${textHash(list)}`,
    timestamp: startTime,
    type: "trace-create",
    body: { id: traceId, otel: { spanIds: list } },
  };
};

/** Drops undefined fields: JSON would drop them too, and an absent field changes nothing. */
type Present<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

const withoutUndefined = <Fields extends object>(fields: Fields): Present<Fields> => {
  const present: { [name: string]: unknown } = {};
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) present[name] = value;
  // Holds because fields are only removed, and the result's fields are optional.
  return present as Present<Fields>;
};
