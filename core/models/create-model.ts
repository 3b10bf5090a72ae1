/**
 * Models: schema of the body that creates a model, and its mapping to tables. Follows
 * https://github.com/langfuse/langfuse/blob/main/fern/apis/server/definition/models.yml (read 2026-11).
 */
import { z } from "zod";
import { isStorableInstant, notStorableInstant, storableText } from "../storable.ts";
import { plainDecimal } from "./decimal.ts";
import { type Model, type PricingTier, type TierCondition, tierOperators, type UsageUnit, usageUnits } from "./model.ts";
import { findTokenizer, tokenizers } from "./tokenizers.ts";
import { countPatternSteps, findPatternFault } from "./translate-pattern.ts";

/** Maximum program steps of a pattern: a runner tries it on every model name it sees, up to 200 patterns per project. */
const patternStepsMax = 300;
/** Maximum for all patterns of a model's tiers together: each is tried on every kind of usage of a call. */
const tierStepsMax = 2000;
const tiersMax = 20;
const pricesMax = 50;
const conditionsMax = 10;
/** Maximum for all tiers together, as JSON: a project's models are read as a whole. */
const tiersCharactersMax = 20_000;

const mustBe = `must be a Postgres regular expression of at most ${patternStepsMax} steps, without look-around, back references or word boundaries; for a single name: (?i)^name$`;
const Pattern = storableText(500)
  .min(1)
  .superRefine((pattern, context) => {
    const fault = findPatternFault(pattern, patternStepsMax);
    if (fault !== undefined) context.addIssue({ code: "custom", message: `${mustBe}. Not supported: ${fault}` });
  });

/** Returns whether the cost columns and the displayed price can hold it exactly. */
const isPrice = (price: number | string): boolean => /^\d{1,6}(\.\d{1,18})?$/.test(plainDecimal(String(price)) ?? "");
const notPrice = "must be a decimal from 0 to below 1000000 with at most 18 decimals: USD for one unit";
const Price = z
  .union([z.number(), z.string().max(100)], { error: notPrice })
  .refine(isPrice, notPrice)
  .describe("USD for one unit; as a string where a double would round it.");

const UsageCondition = z.strictObject({
  usageDetailPattern: Pattern.describe("Matches the kinds of usage whose counts are added."),
  operator: z.enum(tierOperators),
  value: z.number(),
  caseSensitive: z.boolean().default(false),
});
const AttributeCondition = z.strictObject({
  source: z.enum(["model_parameters", "metadata"]),
  key: storableText(200).min(1),
  operator: z.literal("in"),
  values: z.array(storableText(200)).min(1).max(50),
});
const Condition = z.union([UsageCondition, AttributeCondition], {
  error: 'must be { usageDetailPattern, operator, value, caseSensitive? } or { source, key, operator: "in", values }',
});

const Tier = z.strictObject({
  name: storableText(100).min(1),
  isDefault: z.boolean().default(false),
  priority: z.int().min(0).max(10_000).describe("Lower is tried first; 0 is the default tier."),
  conditions: z.array(Condition).max(conditionsMax).describe("All must hold."),
  prices: z
    .record(storableText(100).min(1), Price)
    .refine((prices) => Object.keys(prices).length > 0, "must have at least one price")
    .refine((prices) => Object.keys(prices).length <= pricesMax, `must have at most ${pricesMax} prices`)
    .describe("Price per kind of usage, named as calls send it."),
});
type Tier = z.infer<typeof Tier>;

const flatPrices = ["inputPrice", "outputPrice", "totalPrice"] as const;

const instant = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], { error: "must be an ISO 8601 day, or an instant with its zone" })
  .refine(isStorableInstant, notStorableInstant);

const Fields = z.strictObject({
  modelName: storableText(200).min(1),
  matchPattern: Pattern.describe("Postgres regular expression, matched against the model name of a call."),
  startDate: instant.nullish().describe("Calls that started earlier are not priced by this model."),
  unit: z.enum(usageUnits).nullish().describe("A label."),
  inputPrice: Price.nullish(),
  outputPrice: Price.nullish(),
  totalPrice: Price.nullish().describe("Cannot be combined with the other two."),
  pricingTiers: z.array(Tier).max(tiersMax).nullish().describe("Replaces the three prices; exactly one tier must be the default."),
  tokenizerId: z
    .enum(["openai"], { error: 'must be "openai" or left out: other makers have published no tokenizer' })
    .nullish()
    .describe("Counts tokens for calls that report none."),
  tokenizerConfig: z
    .strictObject({
      tokenizerModel: z
        .string()
        .max(200)
        .refine((name) => findTokenizer(name) !== undefined, `must be an OpenAI model, or one of ${tokenizers.join(", ")}`),
    })
    .nullish(),
});
type Fields = z.infer<typeof Fields>;

type Fault = { path: (string | number)[]; message: string };

const faultIf = (isFault: boolean, path: (string | number)[], message: string): Fault[] => (isFault ? [{ path, message }] : []);

const stepsOfTiers = (tiers: readonly Tier[]): number =>
  tiers
    .flatMap(({ conditions }) => conditions)
    .reduce((sum, condition) => sum + ("source" in condition ? 0 : countPatternSteps(condition.usageDetailPattern)), 0);

const faultsOfTiers = (tiers: readonly Tier[]): Fault[] => [
  ...faultIf(
    tiers.filter(({ isDefault }) => isDefault).length !== 1,
    ["pricingTiers"],
    "must have exactly one default tier: isDefault true, priority 0, no conditions",
  ),
  ...faultIf(
    JSON.stringify(tiers).length > tiersCharactersMax,
    ["pricingTiers"],
    `must have at most ${tiersCharactersMax} characters as JSON`,
  ),
  ...faultIf(stepsOfTiers(tiers) > tierStepsMax, ["pricingTiers"], `must have patterns of at most ${tierStepsMax} steps in total`),
  ...tiers.flatMap(({ name, isDefault, priority, conditions }, at): Fault[] => {
    const earlier = tiers.slice(0, at);
    const path = (field: string) => ["pricingTiers", at, field];
    return [
      ...faultIf(isDefault && priority !== 0, path("priority"), "must be 0 in the default tier"),
      ...faultIf(isDefault && conditions.length > 0, path("conditions"), "must be empty in the default tier"),
      ...faultIf(!isDefault && conditions.length === 0, path("conditions"), "must not be empty except in the default tier"),
      ...faultIf(
        earlier.some((other) => other.name === name),
        path("name"),
        "repeats the name of an earlier tier",
      ),
      ...faultIf(
        earlier.some((other) => other.priority === priority),
        path("priority"),
        "repeats the priority of an earlier tier",
      ),
    ];
  }),
];

const isSent = <V>(value: V | null | undefined): value is V => value !== null && value !== undefined;

const faultsOfPrices = (body: Fields): Fault[] => {
  const sent = flatPrices.filter((name) => isSent(body[name]));
  if (isSent(body.pricingTiers))
    return [
      ...sent.map((name) => ({ path: [name], message: "cannot be combined with pricingTiers" })),
      ...faultsOfTiers(body.pricingTiers),
    ];
  return [
    ...faultIf(sent.length === 0, ["pricingTiers"], "needed, or inputPrice, outputPrice or totalPrice"),
    ...faultIf(sent.includes("totalPrice") && sent.length > 1, ["totalPrice"], "cannot be combined with inputPrice or outputPrice"),
  ];
};

const faultsOfTokenizer = ({ tokenizerId, tokenizerConfig }: Fields): Fault[] => [
  ...faultIf(isSent(tokenizerId) && !isSent(tokenizerConfig), ["tokenizerConfig"], 'needed beside tokenizerId: { "tokenizerModel": … }'),
  ...faultIf(!isSent(tokenizerId) && isSent(tokenizerConfig), ["tokenizerId"], "needed beside tokenizerConfig"),
];

export const CreateModel = Fields.superRefine((body, context) => {
  for (const fault of [...faultsOfPrices(body), ...faultsOfTokenizer(body)]) context.addIssue({ code: "custom", ...fault });
});
export type CreateModel = z.infer<typeof CreateModel>;

export type NewModel = Omit<Model, "projectId"> & { unit: UsageUnit | null };

/** Maps the request to table rows: prices as plain decimal text, tiers with ids. */
export const newModel = (id: string, body: CreateModel): NewModel => ({
  id,
  modelName: body.modelName,
  matchPattern: body.matchPattern,
  startDate: isSent(body.startDate) ? new Date(body.startDate).toISOString() : null,
  unit: body.unit ?? null,
  tokenizer: findTokenizer(body.tokenizerConfig?.tokenizerModel ?? "") ?? null,
  pricingTiers: (body.pricingTiers ?? [standardTier(body)]).map((tier) => newTier(`${id}_${tier.priority}`, tier)),
});

const standardTier = ({ inputPrice, outputPrice, totalPrice }: CreateModel): Tier => ({
  name: "Standard",
  isDefault: true,
  priority: 0,
  conditions: [],
  prices: Object.fromEntries(
    Object.entries({ input: inputPrice, output: outputPrice, total: totalPrice }).flatMap(([kind, price]) =>
      isSent(price) ? [[kind, price]] : [],
    ),
  ),
});

const newTier = (id: string, { name, isDefault, priority, conditions, prices }: Tier): PricingTier => ({
  id,
  name,
  isDefault,
  priority,
  conditions: conditions.map(newCondition),
  prices: Object.fromEntries(Object.entries(prices).map(([kind, price]) => [kind, plainDecimal(String(price)) ?? ""])),
});

const newCondition = (condition: z.infer<typeof Condition>): TierCondition =>
  "source" in condition
    ? { kind: condition.source === "metadata" ? "metadata" : "model_parameter", key: condition.key, values: condition.values }
    : {
        kind: "usage",
        pattern: condition.usageDetailPattern,
        isCaseSensitive: condition.caseSensitive,
        operator: condition.operator,
        value: condition.value,
      };
