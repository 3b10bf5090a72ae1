/** Usage and cost as SDKs send them (`usage`, `usageDetails`, `costDetails`, names of OpenAI) to two maps: kind to count, kind to USD. */
import type { z } from "zod";
import type { ObservationBody } from "./event.ts";
import { isRecord, schemaOf } from "./fields.ts";

type Counts = Record<string, number>;
type Costs = Record<string, string>;
/** A map without entries names nothing. */
const mapOf = <Value>(entries: [string, Value | undefined][]): Record<string, Value> | undefined => {
  const known = entries.filter((entry): entry is [string, Value] => entry[1] !== undefined);
  return known.length === 0 ? undefined : Object.fromEntries(known);
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** A whole number ≥ 0, also as text in any spelling a number has, whose fraction and whatever follows are cut off. Everything else is no count. */
const readCount = (value: unknown): number | undefined => {
  if (typeof value === "number") return isCount(value) ? value + 0 : undefined;
  if (typeof value !== "string" || value.trim() === "") return undefined;
  const number = Number(value);
  const count = Number.isNaN(number) ? Number.parseInt(value, 10) : Math.trunc(number);
  return isCount(count) && !(number < 0) ? count + 0 : undefined;
};

/** The shortest decimal that names the number, without exponent; undefined below 0 and beyond the finite. Text has to be spelled that way already. */
export const readCost = (value: unknown): string | undefined => {
  if (typeof value === "string") return /^\d{1,40}(\.\d{1,40})?$/.test(value) ? value.replace(/^0+(?=\d)/, "") : undefined;
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) return undefined;
  const [, whole = "0", fraction = "", exponent = "0"] = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  const shift = Number(exponent);
  if (shift === 0) return String(value + 0);
  if (shift > 0) return `${whole}${fraction.padEnd(shift, "0")}`;
  return `0.${"0".repeat(-shift - 1)}${whole}${fraction}`;
};

/** What OpenAI calls things: completions, then responses. A map matches if it has these keys only, and the first three of them. */
const openAiShapes = [
  ["prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details", "completion_tokens_details"],
  ["input_tokens", "output_tokens", "total_tokens", "input_tokens_details", "output_tokens_details"],
] as const;

const isDetails = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (isRecord(value) && Object.values(value).every((v) => v === undefined || v === null || isCount(v)));

/** Details are parts of the whole: `input` is what is left of it, never below 0. */
const splitDetails = (kind: "input" | "output", whole: number, details: unknown): [string, number][] => {
  const parts = Object.entries(isRecord(details) ? details : {}).filter((part): part is [string, number] => isCount(part[1]));
  const rest = parts.reduce((left, [, count]) => Math.max(left - count, 0), whole);
  return [[kind, rest], ...parts.map(([name, count]): [string, number] => [`${kind}_${name}`, count])];
};

const readOpenAi = (given: Record<string, unknown>): Counts | undefined => {
  for (const shape of openAiShapes) {
    const [inputKey, outputKey, totalKey, inputDetailsKey, outputDetailsKey] = shape;
    const [input, output, total] = [given[inputKey], given[outputKey], given[totalKey]];
    const [inputDetails, outputDetails] = [given[inputDetailsKey], given[outputDetailsKey]];
    if (!isCount(input) || !isCount(output) || !isCount(total) || !isDetails(inputDetails) || !isDetails(outputDetails)) continue;
    if (Object.keys(given).some((key) => !(shape as readonly string[]).includes(key))) continue;
    return Object.fromEntries([
      ...splitDetails("input", input, inputDetails),
      ...splitDetails("output", output, outputDetails),
      ["total", total],
    ]);
  }
  return undefined;
};

const notRecord = { fault: "must be an object of numbers" };

/** The first that fits: OpenAI's completion, OpenAI's response, any map, of which counts are kept and the rest is dropped. */
export const UsageDetails = schemaOf((input): { value: Counts | null | undefined } | { fault: string } => {
  if (input === undefined || input === null) return { value: input };
  if (!isRecord(input)) return notRecord;
  return { value: readOpenAi(input) ?? mapOf(Object.entries(input).map(([kind, count]) => [kind, readCount(count)])) };
}).optional();

/** Costs ≥ 0 are kept, the rest is dropped. */
export const CostDetails = schemaOf((input): { value: Costs | null | undefined } | { fault: string } => {
  if (input === undefined || input === null) return { value: input };
  if (!isRecord(input)) return notRecord;
  return { value: mapOf(Object.entries(input).map(([kind, cost]) => [kind, readCost(cost)])) };
}).optional();

const usageUnits = ["CHARACTERS", "TOKENS", "MILLISECONDS", "SECONDS", "IMAGES", "REQUESTS"];

/** The older `usage`: counts under our names or those of OpenAI, which go first, and costs. The unit is checked and not kept. */
export const Usage = schemaOf((input): { value: { counts: Counts; costs: Costs } | null | undefined } | { fault: string } => {
  if (input === undefined || input === null) return { value: input };
  if (!isRecord(input)) return notRecord;
  const { unit = null } = input;
  if (unit !== null && !(typeof unit === "string" && usageUnits.includes(unit)))
    return { fault: `unit must be one of ${usageUnits.join(", ")}` };
  const counts = mapOf([
    ["input", readCount(input["promptTokens"] ?? input["input"])],
    ["output", readCount(input["completionTokens"] ?? input["output"])],
    ["total", readCount(input["totalTokens"] ?? input["total"])],
  ]);
  const costs = mapOf([
    ["input", readCost(input["inputCost"])],
    ["output", readCost(input["outputCost"])],
    ["total", readCost(input["totalCost"])],
  ]);
  return { value: counts === undefined && costs === undefined ? undefined : { counts: counts ?? {}, costs: costs ?? {} } };
}).optional();

/** `usage` is the base, the details go on top. A total that is not given is the sum of input and output, unless there are details, which have their own. */
export const joinUsage = (given: {
  usage?: z.infer<typeof Usage>;
  usageDetails?: z.infer<typeof UsageDetails>;
  costDetails?: z.infer<typeof CostDetails>;
}): Pick<ObservationBody, "usageDetails" | "costDetails"> => {
  const { usage, usageDetails, costDetails } = given;
  const counts = usage?.counts ?? {};
  const hasDetails = usageDetails !== undefined && usageDetails !== null;
  const sum = (counts["input"] ?? 0) + (counts["output"] ?? 0);
  const isSummed = !hasDetails && Object.keys(counts).length > 0 && counts["total"] === undefined && isCount(sum);
  return {
    usageDetails: overlay(usage, isSummed ? { ...counts, total: sum } : counts, usageDetails),
    costDetails: overlay(usage, usage?.costs ?? {}, costDetails),
  };
};

/** Null only where one says null and the other has nothing. */
const overlay = <Value>(
  usage: object | null | undefined,
  base: Record<string, Value>,
  details: Record<string, Value> | null | undefined,
): Record<string, Value> | null | undefined => {
  const joined = { ...base, ...details };
  if (Object.keys(joined).length > 0) return joined;
  return usage === null || details === null ? null : undefined;
};
