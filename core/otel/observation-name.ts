/** OpenTelemetry, mapping: the name of an observation. Uses the framework's name for it, else the span's name. */
import { observationNameNames } from "./attribute-names.ts";
import { firstText } from "./attributes.ts";
import type { SpanFacts } from "./span-facts.ts";

export const observationName = ({ attributes, span }: SpanFacts): string => {
  const named = firstText(attributes, [...observationNameNames, "gen_ai.tool.name", "genkit:name", "logfire.msg", "ai.toolCall.name"]);
  if (named !== undefined) return named;
  const operation = firstText(attributes, ["ai.operationId"]);
  if (operation === undefined) return span.name;
  const functionId = firstText(attributes, ["ai.telemetry.functionId"]);
  return functionId === undefined ? operation : `${functionId}:${operation}`;
};
