/**
 * OpenTelemetry, mapping: the attributes and events that are in neither input nor output, for the metadata. Content attributes of a
 * convention that another one beat stay, unless what was taken contains them.
 */
import type { Json } from "../ingestion/event.ts";
import { langfuse } from "./attribute-names.ts";
import { toAttributes } from "./attributes.ts";
import { isContained, type Leaves, leavesOf } from "./content-duplicates.ts";
import type { Side } from "./content-readers.ts";
import { contentSources } from "./content-sources.ts";
import { takenContent } from "./input-output.ts";
import type { SpanEvent } from "./otlp-traces.ts";
import { isJsonObject, parseIfText, setOwn } from "./safe-json.ts";
import type { SpanFacts } from "./span-facts.ts";

/** Names that belong together, such as the fields of one message list, and the sides they may belong to. */
type Group = { id: string; sides: ReadonlySet<Side> };

const sides: readonly Side[] = ["input", "output"];

const sidesBy = (namesOf: (source: (typeof contentSources)[number], side: Side) => readonly string[]): Map<string, Set<Side>> => {
  const found = new Map<string, Set<Side>>();
  for (const source of contentSources) {
    for (const side of sides) for (const name of namesOf(source, side)) found.set(name, (found.get(name) ?? new Set()).add(side));
  }
  return found;
};

const sidesOfName = sidesBy((source, side) => source[side]?.names ?? []);
const sidesOfEvent = sidesBy((source, side) => source[side]?.eventNames ?? []);

/** For `llm.prompts.*` and `mastra.*.input`: the text before and after the star. */
const patterns = [...sidesOfName].flatMap(([name, of]) => {
  const [before = "", after] = name.split("*");
  return after === undefined ? [] : [{ before, after, sides: of }];
});

/** By first character: every attribute of every span is asked for. */
const patternsOf = Map.groupBy(patterns, ({ before }) => before.charCodeAt(0));

/** Returns the group of an attribute that may hold content; undefined for any other. */
const groupOf = (name: string): Group | undefined => {
  for (const { before, after, sides: of } of patternsOf.get(name.charCodeAt(0)) ?? []) {
    if (name.length > before.length + after.length && name.startsWith(before) && name.endsWith(after))
      return { id: after === "" ? before : name, sides: of };
  }
  const of = sidesOfName.get(name);
  return of === undefined ? undefined : { id: name, sides: of };
};

/** Computes the leaves of a side on first use: most spans carry a single convention. */
const createLeaves = (facts: SpanFacts): ((of: ReadonlySet<Side>) => Leaves) => {
  const taken = takenContent(facts);
  const made = new Map<string, Leaves>();
  return (of) => {
    const id = [...of].join();
    const leaves = made.get(id) ?? leavesOf([...of].map((side) => taken[side]?.value));
    made.set(id, leaves);
    return leaves;
  };
};

/** In the order sent. Omits what was set for the trace: it is a field of the trace. */
export const leftAttributes = (facts: SpanFacts): [name: string, value: Json][] => {
  const { input, output } = takenContent(facts);
  const takenNames = new Set([langfuse.traceInput, langfuse.traceOutput, ...(input?.names ?? []), ...(output?.names ?? [])]);
  const partsOf = new Set([...(input?.partsOf ?? []), ...(output?.partsOf ?? [])]);
  const leaves = createLeaves(facts);
  const others: Other[] = [];
  for (const [name, value] of facts.attributes) if (!takenNames.has(name)) others.push({ name, value, group: groupOf(name) });
  const kept = groupsWithMore(others, leaves);
  return others.flatMap(({ name, value, group }): [string, Json][] => {
    if (partsOf.has(name)) {
      const rest = restOf(value, leaves(new Set(sides)));
      return rest === undefined ? [] : [[name, rest]];
    }
    return group === undefined || kept.has(group.id) ? [[name, value]] : [];
  });
};

type Other = { name: string; value: Json; group: Group | undefined };

/** Groups that hold something not taken. A group stays or goes as a whole. */
const groupsWithMore = (attributes: readonly Other[], leaves: (of: ReadonlySet<Side>) => Leaves): Set<string> => {
  const kept = new Set<string>();
  for (const { name, value, group } of attributes) {
    if (group === undefined || kept.has(group.id)) continue;
    if (!isContained(value, leaves(group.sides), name.slice(name.lastIndexOf(".") + 1))) kept.add(group.id);
  }
  return kept;
};

/** Returns the fields or items of partly taken JSON that are not in what was taken. */
const restOf = (value: Json, leaves: Leaves): Json | undefined => {
  const parsed = parseIfText(value);
  if (Array.isArray(parsed)) {
    const items = parsed.filter((item) => !isContained(item, leaves));
    return items.length === 0 ? undefined : items;
  }
  if (!isJsonObject(parsed)) return value;
  const fields = Object.entries(parsed).filter(([key, item]) => !isContained(item, leaves, key));
  if (fields.length === 0) return undefined;
  const rest: { [key: string]: Json } = {};
  for (const [key, item] of fields) setOwn(rest, key, item);
  return rest;
};

/**
 * Returns a span's events in order, each with the attributes that are in neither input nor output. Drops an event whose attributes were all
 * taken.
 */
export const leftEvents = (facts: SpanFacts): { event: SpanEvent; attributes: { [name: string]: Json } }[] => {
  const { input, output } = takenContent(facts);
  const leaves = createLeaves(facts);
  return facts.span.events.flatMap((event) => {
    const attributes: { [name: string]: Json } = {};
    const all = toAttributes(event.attributes);
    const of = sidesOfEvent.get(event.name);
    if (of === undefined) {
      for (const [name, value] of all) setOwn(attributes, name, value);
      return [{ event, attributes }];
    }
    const takenNames = new Set([...(input?.events?.get(event) ?? []), ...(output?.events?.get(event) ?? [])]);
    for (const [name, value] of all) {
      const isRepeated = facts.attributes.get(name) === value || isContained(value, leaves(of), name.slice(name.lastIndexOf(".") + 1));
      if (!takenNames.has(name) && !isRepeated) setOwn(attributes, name, value);
    }
    return Object.keys(attributes).length === 0 ? [] : [{ event, attributes }];
  });
};
