/** Events in a file, as they are written: a batch of Langfuse's SDKs, an array of events, or one event (or batch) on each line. */

import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { usageError } from "../exit-codes.ts";
import { elementTexts } from "./element-texts.ts";

/** `place` says where the event is, such as `line 17`. A fault stands for what is no event. */
export type ReadEvent = { place: string; text: string; id: string | null } | { place: string; fault: string };

/** Lines are read one by one; a document over several lines is held whole. Throws a usage error if it is no JSON. */
export async function* readEvents(input: Readable): AsyncGenerator<ReadEvent, void, undefined> {
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  let number = 0;
  let isBegun = false;
  // The first line decides: if it is no document by itself, the input is one.
  let document: string[] | undefined;
  for await (const line of lines) {
    number += 1;
    if (document !== undefined) document.push(line);
    else if (line.trim() !== "") {
      if (!isBegun && !isJson(line)) document = [line];
      else yield* eventsOf(line, `line ${number}`);
      isBegun = true;
    }
  }
  if (document === undefined) return;
  const text = document.join("\n");
  if (!isJson(text))
    throw usageError("The input is neither one JSON document nor one on each line.", {
      help: 'Give a batch of the Langfuse SDKs ({ "batch": [...] }), an array of events, or one event on each line.',
    });
  yield* eventsOf(text, "");
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** The events of one document: itself, its elements, or those of its `batch`. */
function* eventsOf(text: string, place: string): Generator<ReadEvent, void, undefined> {
  if (!isJson(text)) {
    yield { place, fault: "It is no JSON." };
    return;
  }
  const elements = elementTexts(text);
  if (elements === undefined) yield eventOf(text, place === "" ? "event 1" : place);
  else for (const [index, element] of elements.entries()) yield eventOf(element, `${place === "" ? "" : `${place}, `}event ${index + 1}`);
}

const eventOf = (text: string, place: string): ReadEvent => {
  const event: unknown = JSON.parse(text);
  if (typeof event !== "object" || event === null || Array.isArray(event)) return { place, fault: "It is no JSON object." };
  return { place, text: text.trim(), id: "id" in event && typeof event.id === "string" ? event.id : null };
};
