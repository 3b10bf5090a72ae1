/** `gen_ai.system_instructions` stands beside the messages: here it becomes their first. */
import type { Json } from "../ingestion/event.ts";
import { fieldOf, isMeaningful } from "./attributes.ts";
import { isJsonObject, type JsonObject, parseIfText, parseJson } from "./safe-json.ts";

/** Messages that came as JSON text leave as JSON text. Messages with a system message of their own stay as they are. */
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

/** The texts of a part; what is neither text nor holds any says nothing. */
const textsOf = (part: Json): string[] => {
  if (typeof part === "string") return [part];
  const text = fieldOf(part, "content") ?? fieldOf(part, "text");
  if (typeof text === "string") return [text];
  const inner = fieldOf(part, "parts");
  return Array.isArray(inner)
    ? inner.flatMap((one) => (typeof one === "string" ? [one] : textsOf(isJsonObject(one) ? { ...one, parts: null } : null)))
    : [];
};
