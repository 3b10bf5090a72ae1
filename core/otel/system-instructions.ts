/** OpenTelemetry, mapping: makes `gen_ai.system_instructions`, which is sent beside the messages, the first message. */
import type { Json } from "../ingestion/event.ts";
import { fieldOf, isMeaningful } from "./attributes.ts";
import { isJsonObject, type JsonObject, parseIfText, parseJson } from "./safe-json.ts";

/** Messages sent as JSON text stay JSON text. Messages that already include a system message stay unchanged. */
export const withSystemInstructions = (messages: Json | undefined, instructions: Json | undefined): Json | undefined => {
  const system = systemMessages(instructions);
  if (system.length === 0) return messages;
  if (!isMeaningful(messages)) return typeof instructions === "string" ? JSON.stringify(system) : system;
  const list = parseIfText(messages);
  if (!Array.isArray(list) || list.some((message) => fieldOf(message, "role") === "system")) return messages;
  const all = [...system, ...list];
  return typeof messages === "string" ? JSON.stringify(all) : all;
};

const systemMessages = (instructions: Json | undefined): JsonObject[] => {
  if (!isMeaningful(instructions)) return [];
  const parsed = typeof instructions === "string" ? (parseJson(instructions) ?? instructions) : instructions;
  const parts = Array.isArray(parsed) ? parsed : [parsed];
  const complete = parts.filter((part) => isJsonObject(part) && Array.isArray(part["parts"]));
  if (complete.length === parts.length) return complete.map((part) => ({ role: "system", ...(isJsonObject(part) ? part : {}) }));
  const content = parts.flatMap(textsOf).join("\n");
  return content === "" ? [] : [{ role: "system", content }];
};

/** Returns the texts of a part; none for a part without text. */
const textsOf = (part: Json): string[] => {
  if (typeof part === "string") return [part];
  const text = fieldOf(part, "content") ?? fieldOf(part, "text");
  if (typeof text === "string") return [text];
  const inner = fieldOf(part, "parts");
  return Array.isArray(inner)
    ? inner.flatMap((one) => (typeof one === "string" ? [one] : textsOf(isJsonObject(one) ? { ...one, parts: null } : null)))
    : [];
};
