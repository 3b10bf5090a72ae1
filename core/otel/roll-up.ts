/**
 * OpenTelemetry, mapping: spans whose model, usage and cost may repeat those of the calls below them: every span that is no call to a
 * model, such as agents, chains and tools. Whether they do is decided once the spans below are known (`core/ingestion/roll-up.ts`). Until
 * then, their values are kept here.
 */

import { isModelCall, type ObservationType, type OtelBody } from "../ingestion/event.ts";
import { langfuse } from "./attribute-names.ts";
import { isMeaningful, objectAt } from "./attributes.ts";
import type { MappedEvent } from "./mapped-event.ts";
import { isRollUp, reportedModelName, requestModel } from "./model.ts";
import type { JsonObject } from "./safe-json.ts";
import type { SpanFacts } from "./span-facts.ts";
import { reportedCostDetails, reportedUsageDetails } from "./usage.ts";

/** Values from Langfuse's SDKs always belong to the observation itself. */
const hasOwnUsage = ({ attributes }: SpanFacts): boolean =>
  [langfuse.usageDetails, langfuse.costDetails].some((name) => objectAt(attributes, name) !== undefined);

/** Returns whether the span is a call that may repeat one below it: see `repeated-calls.ts`. */
export const mayRepeatCalls = (facts: SpanFacts, type: ObservationType): boolean => isModelCall(type) && !hasOwnUsage(facts);

/** Returns undefined if the span reports no such values. */
export const rollUp = (facts: SpanFacts, type: ObservationType): JsonObject | undefined => {
  const { attributes } = facts;
  if (!isRollUp(attributes) && isModelCall(type)) return undefined;
  if (hasOwnUsage(facts)) return undefined;
  const reported = reportedUsageDetails(facts);
  const usage = isMeaningful(reported) ? reported : undefined;
  const costs = reportedCostDetails(attributes);
  if (usage === undefined && costs === undefined) return undefined;
  const model = reportedModelName(facts);
  const requested = requestModel(facts, model);
  return {
    ...(model === undefined ? {} : { model }),
    ...(requested === undefined ? {} : { requestModel: requested }),
    ...(usage === undefined ? {} : { usageDetails: usage }),
    ...(costs === undefined ? {} : { costDetails: costs }),
  };
};

/** Adds the values and removes the requested model, which is kept with the usage. */
export const withRollUp = (otel: OtelBody, rolledUp: JsonObject | undefined): object => {
  if (rolledUp === undefined) return otel;
  const { requestModel: _, ...rest } = otel;
  return { ...rest, rollUp: rolledUp };
};

const hasRollUp = (otel: unknown): boolean => typeof otel === "object" && otel !== null && "rollUp" in otel;

/** Adds the ids of such observations to an event of their trace, so that the merge of the trace knows them. */
export const namingRollUps = (events: readonly MappedEvent[]): MappedEvent[] => {
  const rollUps = new Map<unknown, string[]>();
  for (const { type, body } of events) {
    if (type === "trace-create" || !hasRollUp(body["otel"])) continue;
    const ids = rollUps.get(body["traceId"]);
    if (ids === undefined) rollUps.set(body["traceId"], [String(body["id"])]);
    else ids.push(String(body["id"]));
  }
  return events.map((event) => {
    const ids = event.type === "trace-create" ? rollUps.get(event.body["id"]) : undefined;
    if (ids === undefined) return event;
    rollUps.delete(event.body["id"]);
    return { ...event, body: { ...event.body, rollUps: ids } };
  });
};
