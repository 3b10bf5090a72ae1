/** Ids of users and sessions from the spellings of many senders. */
import { type Attributes, firstText } from "./attributes.ts";
import { parseJson } from "./safe-json.ts";

/** The first that has a value; one that was sent as JSON text, as MLflow does, without its quotes. */
export const firstId = (attributes: Attributes, names: readonly string[]): string | undefined => {
  const text = firstText(attributes, names);
  if (text === undefined || !/^".*"$/s.test(text)) return text;
  const unwrapped = parseJson(text);
  return typeof unwrapped === "string" && unwrapped !== "" ? unwrapped : text;
};
