/**
 * The API's representation of a score (written by services/traces/scores.ts): version 1 for scores of traces and observations, version 2
 * for all.
 */
import { z } from "@hono/zod-openapi";

const nullableText = z.string().nullable();

const shared = {
  id: z.string(),
  projectId: z.string(),
  observationId: nullableText,
  timestamp: z.iso.datetime(),
  name: z.string(),
  source: z.string(),
  value: z.number(),
  stringValue: nullableText.describe("The category, the boolean as a word, or the text; null for numbers."),
  comment: nullableText,
  metadata: z.record(z.string(), z.unknown()),
  environment: z.string(),
  authorUserId: nullableText,
  configId: nullableText,
  queueId: nullableText,
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
};

const v1 = { ...shared, traceId: z.string(), dataType: z.enum(["NUMERIC", "CATEGORICAL", "BOOLEAN", "TEXT"]) };
const v2 = { ...shared, traceId: nullableText, sessionId: nullableText, datasetRunId: nullableText, dataType: z.string() };

const trace = z
  .strictObject({ userId: nullableText, tags: z.array(z.string()), environment: z.string(), sessionId: nullableText })
  .nullable()
  .optional()
  .describe("Fields of the scored trace: null if it is not stored, left out without the group `trace`.");

export const ScoreV1 = z.strictObject(v1).openapi("ScoreV1");
export const Score = z.strictObject(v2).openapi("Score");
export const ScoreV1OnPage = z.strictObject({ ...v1, trace }).openapi("ScoreV1OnPage");
export const ScoreOnPage = z.strictObject({ ...v2, trace }).openapi("ScoreOnPage");

export const ScoreV3 = z
  .strictObject({
    id: z.string(),
    projectId: z.string(),
    name: z.string(),
    value: z.union([z.number(), z.boolean(), z.string()]).describe("A number for NUMERIC, true or false for BOOLEAN, else a text."),
    dataType: z.string(),
    source: z.string(),
    timestamp: z.iso.datetime(),
    environment: z.string(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    comment: nullableText.optional(),
    configId: nullableText.optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
    subject: z
      .strictObject({ kind: z.enum(["trace", "observation", "session", "experiment"]), id: nullableText, traceId: nullableText.optional() })
      .optional()
      .describe("The scored object."),
    authorUserId: nullableText.optional(),
    queueId: nullableText.optional(),
  })
  .openapi("ScoreV3");
