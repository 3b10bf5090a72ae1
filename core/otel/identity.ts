/** OpenTelemetry, mapping: reads ids of users, sessions and models in the spellings of many senders. */
import { type Attributes, firstText } from "./attributes.ts";
import { parseJson } from "./safe-json.ts";

/** Returns the first id with a value. Strips the quotes of an id sent as JSON text, as MLflow does. */
export const firstId = (attributes: Attributes, names: readonly string[]): string | undefined => {
  const text = firstText(attributes, names);
  if (text === undefined || !/^".*"$/s.test(text)) return text;
  const unwrapped = parseJson(text);
  return typeof unwrapped === "string" && unwrapped !== "" ? unwrapped : text;
};
