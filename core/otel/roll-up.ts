/**
 * Spans whose model, usage and cost may be those of the calls below them once more: agents, chains, and spans of which nobody says that they are a call.
 * Whether they are is known only when the spans below are (`core/ingestion/roll-up.ts`); here it is kept what they say.
 */

import type { ObservationType, OtelBody } from "../ingestion/event.ts";
import { langfuse } from "./attribute-names.ts";
import { isMeaningful } from "./attributes.ts";
import type { MappedEvent } from "./mapped-event.ts";
import { isRollUp, requestModel, toldModelName } from "./model.ts";
import { type JsonObject, parseObject } from "./safe-json.ts";
import type { SpanFacts } from "./span-facts.ts";
import { toldCostDetails, toldUsageDetails } from "./usage.ts";

const rollingTypes: ReadonlySet<ObservationType> = new Set(["SPAN", "AGENT", "CHAIN"]);

/** Undefined where the span says nothing of the kind. What Langfuse's SDKs say is always the observation's own. */
export const rollUp = (facts: SpanFacts, type: ObservationType): JsonObject | undefined => {
  const { attributes } = facts;
  if (!isRollUp(attributes) && !rollingTypes.has(type)) return undefined;
  if ([langfuse.usageDetails, langfuse.costDetails].some((name) => isMeaningful(parseObject(attributes.get(name))))) return undefined;
  const usage = toldUsageDetails(facts);
  const costs = toldCostDetails(attributes);
  if (usage === undefined && costs === undefined) return undefined;
  const model = toldModelName(facts);
  const asked = requestModel(facts, model);
  return {
    ...(model === undefined ? {} : { model }),
    ...(asked === undefined ? {} : { requestModel: asked }),
    ...(usage === undefined ? {} : { usageDetails: usage }),
    ...(costs === undefined ? {} : { costDetails: costs }),
  };
};

/** Without the model that was asked for: it goes with the usage. */
export const withRollUp = (otel: OtelBody, rolledUp: JsonObject | undefined): object => {
  if (rolledUp === undefined) return otel;
  const { requestModel: _, ...rest } = otel;
  return { ...rest, rollUp: rolledUp };
};

const hasRollUp = (otel: unknown): boolean => typeof otel === "object" && otel !== null && "rollUp" in otel;

/** The events, with the ids of such observations in an event of their trace: whoever merges the trace knows that it has some. */
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
