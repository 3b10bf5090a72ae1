/**
 * OpenTelemetry, mapping: reassembles messages that were sent as one attribute per field, such as `gen_ai.prompt.0.content`.
 * Gaps in a list become null. A list whose indexes exceed the budget becomes an object, so that a large index costs no memory.
 */
import type { Json } from "../ingestion/event.ts";
import { type Attributes, below, isMeaningful } from "./attributes.ts";
import { type JsonObject, setOwn } from "./safe-json.ts";

/** Maximum items of all lists below one prefix. */
const slotsMax = 10_001;
/** Maximum parts of a name; the remainder stays one part. */
const partsMax = 32;

type Node = { value?: Json; children: Map<string, Node> };

/** Returns the attribute `prefix` itself, else what is below it; undefined if there is neither. */
export const nestedAttribute = (attributes: Attributes, prefix: string): Json | undefined => {
  const whole = attributes.get(prefix);
  if (isMeaningful(whole)) return whole;
  const root: Node = { children: new Map() };
  for (const [path, value] of below(attributes, `${prefix}.`)) insert(root, path, value);
  return root.children.size === 0 ? undefined : toJson(root, { slots: slotsMax });
};

const insert = (root: Node, path: string, value: Json): void => {
  const parts = path.split(".");
  const kept = parts.length <= partsMax ? parts : [...parts.slice(0, partsMax - 1), parts.slice(partsMax - 1).join(".")];
  let node = root;
  for (const part of kept) {
    const child = node.children.get(part) ?? { children: new Map<string, Node>() };
    node.children.set(part, child);
    node = child;
  }
  node.value = value;
};

/** A name with both a value and names below it keeps the value as `value`. */
const toJson = ({ value, children }: Node, budget: { slots: number }): Json => {
  if (children.size === 0) return value ?? null;
  const entries = [...children];
  const length = Math.max(...entries.map(([part]) => (/^\d{1,9}$/.test(part) ? Number(part) : Number.POSITIVE_INFINITY))) + 1;
  if (value === undefined && length <= budget.slots) {
    budget.slots -= length;
    const list: Json[] = new Array<Json>(length).fill(null);
    for (const [part, child] of entries) list[Number(part)] = toJson(child, budget);
    return list;
  }
  const object: JsonObject = {};
  if (value !== undefined) object["value"] = value;
  for (const [part, child] of entries) setOwn(object, part, toJson(child, budget));
  return object;
};
