/** OpenTelemetry, mapping: the experiment run that a span belongs to. */
import type { Json, OtelBody } from "../ingestion/event.ts";
import { experimentJsonNames, experimentNames } from "./attribute-names.ts";
import { type Attributes, firstText, isMeaningful } from "./attributes.ts";
import { parseIfText, setOwn } from "./safe-json.ts";

export const experiment = (attributes: Attributes): OtelBody["experiment"] => {
  const found: { [field: string]: Json } = {};
  for (const [field, name] of Object.entries(experimentNames)) {
    const text = firstText(attributes, [name]);
    if (text !== undefined) setOwn(found, field, text);
  }
  for (const [field, name] of Object.entries(experimentJsonNames)) {
    const value = parseIfText(attributes.get(name));
    if (isMeaningful(value)) setOwn(found, field, value);
  }
  return Object.keys(found).length === 0 ? undefined : found;
};
