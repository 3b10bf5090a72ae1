/** OpenTelemetry, mapping: the managed prompt of a generation: name and version, or neither. */
import { promptNameNames, promptVersionNames, vercelMetadata } from "./attribute-names.ts";
import { type Attributes, fieldOf, firstText, firstValue, toNumber } from "./attributes.ts";
import { parseObject } from "./safe-json.ts";

/** The event schema refuses larger versions, and the whole observation with them. */
const promptVersionMax = 65_535;

export const promptReference = (attributes: Attributes): { promptName: string; promptVersion: number } | undefined => {
  const vercel = parseObject(attributes.get(`${vercelMetadata}.langfusePrompt`));
  const vercelName = fieldOf(vercel, "name");
  const promptName = firstText(attributes, promptNameNames) ?? (typeof vercelName === "string" ? vercelName : undefined);
  const promptVersion = toNumber(firstValue(attributes, promptVersionNames)) ?? toNumber(fieldOf(vercel, "version"));
  if (promptName === undefined || promptName === "" || promptVersion === undefined) return undefined;
  return Number.isInteger(promptVersion) && promptVersion > 0 && promptVersion <= promptVersionMax
    ? { promptName, promptVersion }
    : undefined;
};
