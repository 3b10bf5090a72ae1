/**
 * The API's representation of a model, in Langfuse's shape:
 * https://github.com/langfuse/langfuse/blob/main/fern/apis/server/definition/commons.yml (read 2026-11).
 */
import { z } from "@hono/zod-openapi";
import { plainDecimal } from "../../../core/models/decimal.ts";
import { type PricingTier, type TierCondition, tierOperators, usageUnits } from "../../../core/models/model.ts";
import { storableText } from "../../../core/storable.ts";
import type { ModelRow } from "../../../services/models/model-columns.ts";

/** Ids of default models contain names, with dots. */
export const ModelParam = z.object({ id: storableText(500) });

const Condition = z.union([
  z.strictObject({
    usageDetailPattern: z.string(),
    operator: z.enum(tierOperators),
    value: z.number(),
    caseSensitive: z.boolean(),
  }),
  z.strictObject({
    source: z.enum(["model_parameters", "metadata"]),
    key: z.string(),
    operator: z.literal("in"),
    values: z.array(z.string()),
  }),
]);

const Tier = z.strictObject({
  id: z.string(),
  name: z.string(),
  isDefault: z.boolean(),
  priority: z.int(),
  conditions: z.array(Condition),
  prices: z.record(z.string(), z.number()).describe("USD per unit by kind of usage, with all digits."),
});

const nullablePrice = z.number().nullable().describe("USD per unit in the default tier.");

export const Model = z
  .strictObject({
    id: z.string(),
    modelName: z.string(),
    matchPattern: z.string(),
    startDate: z.iso.datetime().nullable(),
    unit: z.enum(usageUnits).nullable(),
    inputPrice: nullablePrice,
    outputPrice: nullablePrice,
    totalPrice: nullablePrice,
    tokenizerId: z.string().nullable(),
    tokenizerConfig: z.strictObject({ tokenizerModel: z.string() }).nullable(),
    isLangfuseManaged: z.boolean().describe("True for a default model of every project, which cannot be deleted."),
    createdAt: z.iso.datetime(),
    prices: z.record(z.string(), z.strictObject({ price: z.number() })).describe("USD per unit in the default tier."),
    pricingTiers: z.array(Tier),
  })
  .openapi("Model");

/** ECMAScript's JSON.rawJSON, which TypeScript does not declare yet. JSON.stringify writes its text unchanged. */
const rawJson = (text: string): unknown => (JSON as unknown as { rawJSON: (text: string) => unknown }).rawJSON(text);

/** Returns a JSON number with every digit of the decimal. */
const exact = (price: string | undefined): unknown => {
  const plain = price === undefined ? undefined : plainDecimal(price);
  return plain === undefined ? null : rawJson(plain);
};

const mapValues = <V, W>(record: Readonly<Record<string, V>>, map: (value: V) => W): Record<string, W> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));

const showCondition = (condition: TierCondition) =>
  condition.kind === "usage"
    ? {
        usageDetailPattern: condition.pattern,
        operator: condition.operator,
        value: condition.value,
        caseSensitive: condition.isCaseSensitive,
      }
    : {
        source: condition.kind === "metadata" ? "metadata" : "model_parameters",
        key: condition.key,
        operator: "in",
        values: condition.values,
      };

const showTier = ({ id, name, isDefault, priority, conditions, prices }: PricingTier) => ({
  id,
  name,
  isDefault,
  priority,
  conditions: conditions.map(showCondition),
  prices: mapValues(prices, exact),
});

/** The result is for JSON.stringify only, because its prices are raw JSON. */
export const showModel = (row: ModelRow) => {
  const prices: Readonly<Record<string, string>> = row.pricingTiers.find(({ isDefault }) => isDefault)?.prices ?? {};
  return {
    id: row.id,
    modelName: row.modelName,
    matchPattern: row.matchPattern,
    startDate: row.startDate,
    unit: row.unit,
    inputPrice: exact(prices["input"]),
    outputPrice: exact(prices["output"]),
    totalPrice: exact(prices["total"]),
    tokenizerId: row.tokenizer === null ? null : "openai",
    tokenizerConfig: row.tokenizer === null ? null : { tokenizerModel: row.tokenizer },
    isLangfuseManaged: row.projectId === null,
    createdAt: row.createdAt,
    prices: mapValues(prices, (price) => ({ price: exact(price) })),
    pricingTiers: row.pricingTiers.map(showTier),
  };
};
