/** Ingestion, merge: all events of one observation to its `observations` row, and the facts that only its `events` row stores. */

import { costText, countFromNumber, parseCost } from "../../models/decimal.ts";
import { columnText, nullableText } from "../column-text.ts";
import type { ObservationBody, ObservationEvent, OtelBody } from "../event.ts";
import { instantText, nullableInstant, type ObservationRow, payloadText, type TextMap, textMap } from "../rows.ts";
import type { MergeContext, MergeOrigin } from "./merge-context.ts";
import { mergeMetadata, metadataMap } from "./merge-metadata.ts";
import { orderEvents } from "./order-events.ts";
import { firstPresent, lastNamed, lastPresent } from "./pick-field.ts";
import { storedColumns } from "./stored-columns.ts";

/** `row` is inserted into `observations` unchanged. Its usage and cost are those sent, until `priceObservation` replaces them. */
export type MergedObservation = {
  row: ObservationRow;
  otel: OtelBody;
  /** Whether an event named the trace. If not, the observation is its own trace. */
  hasTrace: boolean;
  origin: MergeOrigin | undefined;
};

export const usageMap = (usage: Record<string, number> | null | undefined): TextMap =>
  textMap(Object.entries(usage ?? {}), (count) => String(countFromNumber(count)));

/** Leaves out values that are not decimals. */
export const costMap = (costs: Record<string, string> | null | undefined): TextMap =>
  textMap(
    Object.entries(costs ?? {}).flatMap(([kind, cost]) => {
      const units = parseCost(cost);
      return units === undefined ? [] : [[kind, units] as const];
    }),
    costText,
  );

/** The column is UInt16; any other number is not a version. */
const promptVersion = (version: number | null | undefined): number | null =>
  version !== undefined && version !== null && Number.isInteger(version) && version >= 0 && version <= 65_535 ? version : null;

const mergeOtel = (bodies: readonly ObservationBody[]): OtelBody => {
  const spans = bodies.flatMap((body) => (body.otel === undefined ? [] : [body.otel]));
  const experiments = spans.flatMap((otel) => (otel.experiment === undefined ? [] : [otel.experiment]));
  const merged: OtelBody = Object.assign({}, ...spans.map(named));
  if (experiments.length === 0) return merged;
  return {
    ...merged,
    experiment: {
      ...Object.assign({}, ...experiments.map(named)),
      metadata: mergeMetadata(experiments.map((experiment) => experiment.metadata)),
      itemMetadata: mergeMetadata(experiments.map((experiment) => experiment.itemMetadata)),
    },
  };
};

/** Removes the fields that are undefined. */
const named = <Body extends object>(body: Body): Partial<Body> =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as Partial<Body>;

/**
 * Keeps durations from being negative, since senders' clocks and units differ: an end before the start becomes the start, and the first
 * token is clamped between start and end.
 */
const timeColumns = (bodies: readonly ObservationBody[], earliest: string) => {
  const start = instantText(firstPresent(bodies, "startTime") ?? earliest);
  const end = notBefore(start, nullableInstant(lastNamed(bodies, "endTime")));
  const completionStart = notBefore(start, nullableInstant(lastNamed(bodies, "completionStartTime")));
  return {
    start_time: start,
    end_time: end,
    completion_start_time: end !== null && completionStart !== null && completionStart > end ? end : completionStart,
  };
};

const notBefore = (start: string, instant: string | null): string | null => (instant !== null && instant < start ? start : instant);
/**
 * Returns the events in order, without spans of other traces. Only one trace can have a span under an id today (docs/ingestion.md), but
 * older files may hold several: the current form (`otel.spanId`) wins, else the first.
 */
const ofOneSpan = (events: readonly ObservationEvent[]): ObservationEvent[] => {
  const isOlder = ({ body }: ObservationEvent) => body.otel !== undefined && body.otel.spanId === undefined;
  const hasCurrent = events.some(({ body }) => body.otel?.spanId !== undefined);
  const ordered = orderEvents(hasCurrent ? events.filter((event) => !isOlder(event)) : events);
  const span = ordered.find(({ body }) => body.otel !== undefined);
  return ordered.filter(({ body }) => body.otel === undefined || body.traceId === span?.body.traceId);
};

/** Returns undefined if there are no events. Without a type from any event, the observation is a SPAN. */
export const mergeObservation = (events: readonly ObservationEvent[], context: MergeContext): MergedObservation | undefined => {
  const ordered = ofOneSpan(events);
  const [first] = ordered;
  if (first === undefined) return undefined;
  const bodies = ordered.map((event) => event.body);
  const traceId = firstPresent(bodies, "traceId");
  const otel = mergeOtel(bodies);
  const usage = usageMap(lastNamed(bodies, "usageDetails"));
  const costs = costMap(lastNamed(bodies, "costDetails"));
  const row: ObservationRow = {
    id: columnText(first.entityId),
    trace_id: columnText(traceId ?? first.entityId),
    project_id: columnText(context.projectId),
    environment: columnText(firstPresent(bodies, "environment") ?? "default"),
    type: lastPresent(bodies, "type") ?? "SPAN",
    parent_observation_id: nullableText(lastNamed(bodies, "parentObservationId")),
    ...timeColumns(bodies, first.timestamp),
    name: columnText(lastNamed(bodies, "name") ?? ""),
    metadata: metadataMap(mergeMetadata(bodies.map((body) => body.metadata))),
    level: lastNamed(bodies, "level") ?? "DEFAULT",
    status_message: nullableText(lastNamed(bodies, "statusMessage")),
    version: nullableText(lastNamed(bodies, "version")),
    input: payloadText(lastPresent(bodies, "input")),
    output: payloadText(lastPresent(bodies, "output")),
    provided_model_name: nullableText(lastNamed(bodies, "model")),
    internal_model_id: null,
    model_parameters: payloadText(lastNamed(bodies, "modelParameters")),
    provided_usage_details: usage,
    usage_details: usage,
    provided_cost_details: costs,
    cost_details: costs,
    total_cost: costs["total"] ?? null,
    prompt_id: null,
    prompt_name: nullableText(lastNamed(bodies, "promptName")),
    prompt_version: promptVersion(lastNamed(bodies, "promptVersion")),
    usage_pricing_tier_id: null,
    usage_pricing_tier_name: null,
    tool_definitions: textMap(Object.entries(otel.toolDefinitions ?? {}), columnText),
    tool_calls: (otel.toolCalls ?? []).map(columnText),
    tool_call_names: (otel.toolCallNames ?? []).map(columnText),
    ...storedColumns(context),
  };
  return { row, otel, hasTrace: traceId !== undefined, origin: context.origin };
};
