/**
 * OpenTelemetry, mapping: input and output of a span. Frameworks store them in different attributes, and two may describe one span: each
 * side takes the first source that yields it. Text stays text, even if it holds JSON. The rest becomes metadata.
 */
import type { Json } from "../ingestion/event.ts";
import { isMeaningful } from "./attributes.ts";
import type { Found, Side } from "./content-readers.ts";
import { contentSources } from "./content-sources.ts";
import type { SpanFacts } from "./span-facts.ts";

type Content = { input?: Json; output?: Json };

export const observationContent = (facts: SpanFacts): Content => {
  const { input, output } = takenContent(facts);
  return toContent(input?.value, output?.value);
};

type TakenContent = { [Name in Side]?: Found };

/**
 * Returns what was taken for each side, and from where. The content and metadata mappers both ask for it, so it is computed once per span.
 */
export const takenContent = (facts: SpanFacts): TakenContent => {
  const known = taken.get(facts);
  if (known !== undefined) return known;
  const input = choose("input", facts);
  const output = choose("output", facts);
  const content = { ...(input === undefined ? {} : { input }), ...(output === undefined ? {} : { output }) };
  taken.set(facts, content);
  return content;
};

/** A memo: the facts of a span never change. */
const taken = new WeakMap<SpanFacts, TakenContent>();

const choose = (side: Side, facts: SpanFacts): Found | undefined => {
  for (const source of contentSources) {
    const found = source[side]?.read(facts);
    if (isMeaningful(found?.value)) return found;
  }
  return undefined;
};

const toContent = (input: Json | undefined, output: Json | undefined): Content => ({
  ...(isMeaningful(input) ? { input } : {}),
  ...(isMeaningful(output) ? { output } : {}),
});
