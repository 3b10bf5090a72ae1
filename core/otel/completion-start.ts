/** When the model began to answer. */
import { utcInstant } from "../ingestion/instant.ts";
import { langfuse } from "./attribute-names.ts";
import { firstValue, toNumber } from "./attributes.ts";
import { claudeCodeScope } from "./model.ts";
import { parseJson } from "./safe-json.ts";
import type { SpanFacts } from "./span-facts.ts";
import { instantOfMicros, microsOfInstant, parseInstant } from "./span-times.ts";

/** A day: a longer wait is no wait but a mistake of units. */
const waitMsMax = 86_400_000;

/** An instant, also one written as JSON of its JSON text as older SDKs do, or the start and the wait for the first chunk. */
export const completionStartTime = ({ attributes, startTime, scope }: SpanFacts): string | undefined => {
  const given = attributes.get(langfuse.completionStartTime);
  if (typeof given === "string") {
    const unwrapped = given.startsWith('"') ? parseJson(given) : given;
    const instant = typeof unwrapped === "string" ? parseInstant(unwrapped) : undefined;
    if (instant !== undefined) return instant;
  }
  const waits = ["ai.response.msToFirstChunk", "ai.stream.msToFirstChunk", ...(scope.name === claudeCodeScope ? ["ttft_ms"] : [])];
  const waitMs = toNumber(firstValue(attributes, waits));
  if (waitMs === undefined || waitMs <= 0 || waitMs > waitMsMax) return undefined;
  return utcInstant(instantOfMicros(microsOfInstant(startTime) + BigInt(Math.ceil(waitMs)) * 1000n));
};
