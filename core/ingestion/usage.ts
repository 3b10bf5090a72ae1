/**
 * Ingestion, parsing: usage and cost as SDKs send them (`usage`, `usageDetails`, `costDetails`, any spelling in `core/usage/`) to two maps:
 * kind to count, kind to USD.
 */

import type { z } from "zod";
import { isRecord } from "../is-record.ts";
import { snakeCase } from "../usage/flatten-usage.ts";
import { isCount } from "../usage/read-count.ts";
import { readUsage } from "../usage/read-usage.ts";
import { findSpelling } from "../usage/reported-usage.ts";
import type { ObservationBody } from "./event.ts";
import { schemaOf } from "./fields.ts";

type Counts = Record<string, number>;
type Costs = Record<string, string>;
/** Returns undefined for a map without entries: it names nothing. */
const mapOf = <Value>(entries: [string, Value | undefined][]): Record<string, Value> | undefined => {
  const known = entries.filter((entry): entry is [string, Value] => entry[1] !== undefined);
  return known.length === 0 ? undefined : Object.fromEntries(known);
};

/**
 * Returns the shortest decimal for the number, without an exponent; undefined if negative or not finite. Text may have one, as Python
 * prints a Decimal of less than a millionth, a dollar sign, and separators of thousands; text of a plain decimal keeps every digit.
 */
export const readCost = (value: unknown): string | undefined => {
  if (typeof value === "string") {
    const text = ungrouped(value.trim().replace(/^\$\s*/, ""));
    if (/^\d{1,40}(\.\d{1,40})?$/.test(text)) return text.replace(/^0+(?=\d)/, "");
    return decimalText.test(text) ? readCost(Number(text)) : undefined;
  }
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) return undefined;
  if (value < leastCost) return "0";
  const [, whole = "0", fraction = "", exponent = "0"] = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  const shift = Number(exponent);
  if (shift === 0) return String(value + 0);
  if (shift > 0) return `${whole}${fraction.padEnd(shift, "0")}`;
  return `0.${"0".repeat(-shift - 1)}${whole}${fraction}`;
};

/**
 * Removes separators of thousands. A single comma may be a decimal one, as in `0,125` and `1,234`: a cost of cents must not become one of
 * dollars.
 */
const ungrouped = (text: string): string => (grouped.test(text) ? text.replaceAll(/[,_]/g, "") : text);
const grouped = /^[1-9]\d{0,2}((_\d{3}){1,12}(\.\d*)?|(,\d{3}){2,12}(\.\d*)?|,\d{3}\.\d*)$/;

/** What no column stores; the digits of less would be too many to read again. */
const leastCost = 1e-18;

const decimalText = /^\+?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** Providers name the total `total_cost`. Beside its parts it must not count as one of them. */
const isTotalCost = (kind: string): boolean => ["total", "total_cost"].includes(snakeCase(kind));

const costsOf = (given: Readonly<Record<string, unknown>>): Costs | undefined => {
  const entries = Object.entries(given).map(([kind, cost]): [string, string | undefined] => [kind, readCost(cost)]);
  const total = readCost(given["total"]) ?? entries.find(([kind, cost]) => isTotalCost(kind) && cost !== undefined)?.[1];
  return mapOf([...entries.filter(([kind]) => !isTotalCost(kind)), ["total", total]]);
};

const notRecord = { fault: "must be an object of numbers" };

/** Kept as sent; `joinUsage` reads it. */
export const UsageDetails = schemaOf((input): { value: Record<string, unknown> | null | undefined } | { fault: string } => {
  if (input === undefined || input === null) return { value: input };
  return isRecord(input) ? { value: input } : notRecord;
}).optional();

/** Keeps costs ≥ 0 and drops the rest; the total is `total`, whatever it was called. */
export const CostDetails = schemaOf((input): { value: Costs | null | undefined } | { fault: string } => {
  if (input === undefined || input === null) return { value: input };
  if (!isRecord(input)) return notRecord;
  return { value: costsOf(input) };
}).optional();

const usageUnits = ["CHARACTERS", "TOKENS", "MILLISECONDS", "SECONDS", "IMAGES", "REQUESTS"];

/**
 * The older `usage`: counts in any spelling, providers' spellings before ours, and costs. The unit is validated but not stored; custom
 * kinds belong in the details.
 */
export const Usage = schemaOf((input): { value: { counts: Counts; costs: Costs } | null | undefined } | { fault: string } => {
  if (input === undefined || input === null) return { value: input };
  if (!isRecord(input)) return notRecord;
  const { unit = null } = input;
  if (unit !== null && !(typeof unit === "string" && usageUnits.includes(unit)))
    return { fault: `unit must be one of ${usageUnits.join(", ")}` };
  const known = Object.entries(readUsage(input) ?? {}).filter(([kind]) => findSpelling(kind)?.isKind === true);
  const counts = mapOf(known);
  const costs = mapOf([
    ["input", readCost(input["inputCost"] ?? input["input_cost"])],
    ["output", readCost(input["outputCost"] ?? input["output_cost"])],
    ["total", readCost(input["totalCost"] ?? input["total_cost"])],
  ]);
  return { value: counts === undefined && costs === undefined ? undefined : { counts: counts ?? {}, costs: costs ?? {} } };
}).optional();

/**
 * Overlays the details on `usage`. A missing total is the sum of all kinds, unless there are details, which have their own.
 * `isResolved`: our own span mapping made the details, so their kinds are already disjoint.
 */
export const joinUsage = (given: {
  usage?: z.infer<typeof Usage>;
  usageDetails?: z.infer<typeof UsageDetails>;
  costDetails?: z.infer<typeof CostDetails>;
  isResolved?: boolean;
}): Pick<ObservationBody, "usageDetails" | "costDetails"> => {
  const { usage, costDetails, isResolved = false } = given;
  const usageDetails = given.usageDetails && readUsage(given.usageDetails, { isResolved });
  const counts = usage?.counts ?? {};
  const hasDetails = usageDetails !== undefined && usageDetails !== null;
  const sum = Object.values(counts).reduce((all, count) => all + count, 0);
  const isSummed = !hasDetails && Object.keys(counts).length > 0 && counts["total"] === undefined && isCount(sum);
  return {
    usageDetails: overlay(usage, isSummed ? { ...counts, total: sum } : counts, usageDetails),
    costDetails: overlay(usage, usage?.costs ?? {}, costDetails),
  };
};

/** Returns null only if one is null and the other has nothing. */
const overlay = <Value>(
  usage: object | null | undefined,
  base: Record<string, Value>,
  details: Record<string, Value> | null | undefined,
): Record<string, Value> | null | undefined => {
  const joined = { ...base, ...details };
  if (Object.keys(joined).length > 0) return joined;
  return usage === null || details === null ? null : undefined;
};
