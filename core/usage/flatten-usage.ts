/**
 * Usage: flattens an object of counts, in any nesting and spelling, to snake_case paths. Example: `{"promptTokensDetails": [{"modality":
 * "TEXT", "tokenCount": 3}]}` gives `prompt_tokens_details.text`, 3.
 */
import { isExactNumber } from "../exact-json.ts";
import { readCount } from "./read-count.ts";

/** Counts by path. If two spellings give one path, the first above zero counts. */
export type UsagePaths = Map<string, number>;

/** Bounds the work: no known usage is deeper or has more fields. */
const levelsMax = 5;
const fieldsMax = 500;

export const snakeCase = (name: string): string => name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();

/** Reads at most 500 fields down to 5 levels, and adds to `into`. */
export const flattenUsage = (value: unknown, into: UsagePaths = new Map(), prefix = ""): UsagePaths => {
  const compacted: UsagePaths = new Map();
  flatten(value, prefix, levelsMax, { into, compacted, fieldsLeft: fieldsMax });
  for (const [path, count] of compacted) into.set(path, (into.get(path) ?? 0) + count);
  return into;
};

export const setCount = (into: UsagePaths, path: string, count: number): void => {
  if ((into.get(path) ?? 0) === 0) into.set(path, count);
};

type Budget = {
  into: UsagePaths;
  /** Counts that Anthropic's totals leave out. */
  compacted: UsagePaths;
  fieldsLeft: number;
};

const flatten = (value: unknown, path: string, levels: number, budget: Budget): void => {
  if (levels < 0 || budget.fieldsLeft-- <= 0) return;
  if (Array.isArray(value)) {
    for (const item of value) flattenItem(item, path, levels, budget);
    return;
  }
  if (typeof value === "object" && value !== null && !isExactNumber(value)) {
    // The AI SDK writes some numbers as `{"intValue": 7}`.
    const wrapped = Object.hasOwn(value, "intValue") ? readCount(Reflect.get(value, "intValue")) : undefined;
    if (wrapped !== undefined && path !== "") setCount(budget.into, path, wrapped);
    else for (const [name, item] of Object.entries(value)) flatten(item, join(path, snakeCase(name)), levels - 1, budget);
    return;
  }
  const count = readCount(value);
  if (count !== undefined && path !== "") setCount(budget.into, path, count);
};

/** Gemini lists counts by modality, Bedrock by time to live, Anthropic by iteration; no other lists hold usage. */
const flattenItem = (item: unknown, path: string, levels: number, budget: Budget): void => {
  if (typeof item !== "object" || item === null) return;
  const fields = new Map(Object.entries(item).map(([name, value]) => [snakeCase(name), value]));
  if (path.endsWith("iterations")) {
    if (fields.get("type") === "compaction") addCompaction(item, path.replace(/\.?iterations$/, ""), levels, budget);
    return;
  }
  const name = fields.get("modality") ?? fields.get("ttl");
  const count = fields.get("token_count") ?? fields.get("tokens") ?? fields.get("input_tokens");
  if (typeof name === "string") flatten(count, join(path, name.toLowerCase()), levels - 1, budget);
};

/**
 * Anthropic summarizes a long context in an iteration of its own, which is charged but is not in the sums beside the list. Those hold all
 * other iterations of the model (https://platform.claude.com/docs/en/build-with-claude/compaction, names from client code).
 */
const addCompaction = (item: object, path: string, levels: number, budget: Budget): void => {
  const one: Budget = { ...budget, into: new Map() };
  flatten(item, path, levels - 1, one);
  budget.fieldsLeft = one.fieldsLeft;
  for (const [name, count] of one.into) budget.compacted.set(name, (budget.compacted.get(name) ?? 0) + count);
};

const join = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);
