/**
 * The API's representation of an observation, which ClickHouse writes: Langfuse's ObservationsView (services/traces/observations.ts), and
 * field groups in version 2 (events.ts).
 */
import { z } from "@hono/zod-openapi";

const payload = z.unknown().describe("JSON if the stored text is JSON, else the text.");
const nullableText = z.string().nullable();
const cost = z.number().nullable();

export const Observation = z
  .strictObject({
    id: z.string(),
    projectId: z.string(),
    traceId: nullableText,
    parentObservationId: nullableText,
    type: z.string(),
    name: nullableText,
    environment: z.string(),
    startTime: z.iso.datetime(),
    endTime: z.iso.datetime().nullable(),
    completionStartTime: z.iso.datetime().nullable(),
    level: z.string(),
    statusMessage: nullableText,
    version: nullableText,
    input: payload,
    output: payload,
    metadata: z.record(z.string(), z.unknown()),
    model: nullableText,
    modelId: nullableText,
    modelParameters: z.unknown(),
    promptId: nullableText,
    promptName: nullableText,
    promptVersion: z.int().nullable(),
    usageDetails: z.record(z.string(), z.number()),
    costDetails: z.record(z.string(), z.number()),
    usagePricingTierId: nullableText,
    usagePricingTierName: nullableText,
    inputPrice: cost,
    outputPrice: cost,
    totalPrice: cost,
    calculatedInputCost: cost,
    calculatedOutputCost: cost,
    calculatedTotalCost: cost,
    usage: z.strictObject({ unit: z.string(), input: z.number(), output: z.number(), total: z.number() }),
    unit: z.string(),
    promptTokens: z.number(),
    completionTokens: z.number(),
    totalTokens: z.number(),
    latency: z.number().nullable().describe("Seconds from start to end."),
    timeToFirstToken: z.number().nullable().describe("Seconds from start to the first token."),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .openapi("Observation");

const group = <Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject(shape).partial().shape;
const priceText = nullableText.describe("USD per unit; null without the group `model`.");

export const ObservationV2 = z
  .strictObject({
    id: z.string(),
    traceId: nullableText,
    startTime: z.iso.datetime(),
    endTime: z.iso.datetime().nullable(),
    projectId: z.string(),
    parentObservationId: nullableText,
    type: z.string(),
    modelId: nullableText.describe("Null without the group `model`."),
    inputPrice: priceText,
    outputPrice: priceText,
    totalPrice: priceText,
    ...group({
      name: nullableText,
      level: z.string(),
      statusMessage: nullableText,
      version: nullableText,
      environment: z.string(),
      bookmarked: z.boolean(),
      public: z.boolean(),
      userId: nullableText,
      sessionId: nullableText,
      isRootObservation: z.boolean().describe("True without a parent, or if marked as the root of its application."),
      completionStartTime: z.iso.datetime().nullable(),
      createdAt: z.iso.datetime(),
      updatedAt: z.iso.datetime(),
      input: nullableText.describe("The stored text."),
      output: nullableText.describe("The stored text."),
      metadata: z.record(z.string(), z.unknown()).describe("Values are cut at 200 characters, unless `expandMetadata` names their key."),
      model: nullableText,
      internalModelId: nullableText,
      modelParameters: z.unknown(),
      usageDetails: z.record(z.string(), z.number()),
      costDetails: z.record(z.string(), z.number()),
      totalCost: cost,
      usagePricingTierName: nullableText,
      promptId: nullableText,
      promptName: nullableText,
      promptVersion: z.int().nullable(),
      latency: z.number().nullable().describe("Seconds from start to end."),
      timeToFirstToken: z.number().nullable().describe("Seconds from start to the first token."),
      tags: z.array(z.string()),
      release: nullableText,
      traceName: nullableText,
    }),
  })
  .openapi("ObservationV2");
