/** An observation as the API shows it: Langfuse's ObservationsView, which ClickHouse writes (db/clickhouse/read/observations.ts). */
import { z } from "@hono/zod-openapi";

const payload = z.unknown().describe("JSON where the stored text is JSON, else the text.");
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
