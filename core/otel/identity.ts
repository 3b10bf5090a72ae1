/** OpenTelemetry, mapping: reads ids of users, sessions and models in the spellings of many senders. */
import type { Json } from "../ingestion/event.ts";
import { type Attributes, firstText } from "./attributes.ts";
import { parseJson } from "./safe-json.ts";

/** Returns the first id with a value; blank text has none. Strips the quotes of an id sent as JSON text, as MLflow does. */
export const firstId = (attributes: Attributes, names: readonly string[]): string | undefined => {
  const found = firstText(attributes, names);
  const text = isBlank(found)
    ? firstText(
        attributes,
        names.filter((name) => !isBlank(attributes.get(name))),
      )
    : found;
  if (text === undefined || !/^".*"$/s.test(text)) return text;
  const unwrapped = parseJson(text);
  return typeof unwrapped === "string" && unwrapped !== "" ? unwrapped : text;
};

const isBlank = (value: Json | undefined): boolean => typeof value === "string" && value.trim() === "";
