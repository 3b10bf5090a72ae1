/** Genkit keeps input and output of an action as one JSON text each; these are their parts. */
import type { Json } from "../ingestion/event.ts";
import { type Attributes, fieldOf } from "./attributes.ts";
import { parseIfText, parseObject } from "./safe-json.ts";

/** `genkitPart(attributes, "output", "usage")`: that part of `genkit:output`, or the attribute `genkit:output.usage`. */
export const genkitPart = (attributes: Attributes, side: "input" | "output", part: string): Json | undefined =>
  parseIfText(attributes.get(`genkit:${side}.${part}`)) ?? fieldOf(parseObject(attributes.get(`genkit:${side}`)), part);
