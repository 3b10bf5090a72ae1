/** OpenTelemetry, mapping: reads parts of Genkit's input and output, which are one JSON text each per action. */
import type { Json } from "../ingestion/event.ts";
import { type Attributes, fieldOf } from "./attributes.ts";
import { parseIfText, parseObject } from "./safe-json.ts";

/** Example: `genkitPart(attributes, "output", "usage")` reads that part of `genkit:output`, or the attribute `genkit:output.usage`. */
export const genkitPart = (attributes: Attributes, side: "input" | "output", part: string): Json | undefined =>
  parseIfText(attributes.get(`genkit:${side}.${part}`)) ?? fieldOf(parseObject(attributes.get(`genkit:${side}`)), part);
