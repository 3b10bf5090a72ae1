/**
 * Ingestion, parsing: schema of what only our own OpenTelemetry mapping adds to an observation or trace. Never part of the public schema.
 */

import { z } from "zod";
import { isRecord } from "../is-record.ts";
import { readUsage } from "../usage/read-usage.ts";
import type { OtelBody as OtelBodyShape, TraceOtelBody as TraceOtelBodyShape } from "./event.ts";
import { JsonValue, schemaOf, Text, TextList } from "./fields.ts";
import { CostDetails } from "./usage.ts";

/** Built with Object.fromEntries because a name may be `__proto__`. */
const TextRecord = schemaOf((input): { value: Record<string, string> } | { fault: string } => {
  const entries = typeof input === "object" && input !== null ? Object.entries(input) : undefined;
  const texts = entries?.filter((entry): entry is [string, string] => typeof entry[1] === "string");
  if (entries === undefined || texts === undefined || texts.length < entries.length) return { fault: "must be an object of strings" };
  return { value: Object.fromEntries(texts.map(([name, text]) => [name, text.toWellFormed()])) };
});

const text = Text.optional();

export const OtelBody: z.ZodType<OtelBodyShape> = z.object({
  source: text,
  spanId: text,
  serviceName: text,
  serviceVersion: text,
  scopeName: text,
  scopeVersion: text,
  telemetrySdkLanguage: text,
  telemetrySdkName: text,
  telemetrySdkVersion: text,
  isAppRoot: z.boolean().optional(),
  requestModel: text,
  toolDefinitions: TextRecord.optional(),
  toolCalls: TextList.optional(),
  toolCallNames: TextList.optional(),
  release: text,
  rollUp: z
    .object({
      model: text,
      requestModel: text,
      usageDetails: schemaOf((input) => ({ value: isRecord(input) ? readUsage(input, { isResolved: true }) : undefined })).optional(),
      costDetails: CostDetails.transform((costs) => costs ?? undefined).optional(),
    })
    .optional(),
  experiment: z
    .object({
      id: text,
      name: text,
      metadata: JsonValue,
      description: text,
      datasetId: text,
      itemId: text,
      itemVersion: text,
      itemMetadata: JsonValue,
      itemRootObservationId: text,
      itemExpectedOutput: text,
    })
    .optional(),
});

export const TraceOtelBody: z.ZodType<TraceOtelBodyShape> = z.object({
  spanIds: z
    .string()
    .regex(/^(?:[0-9a-f]{16})*$/)
    .optional(),
  isSessionInferred: z.boolean().optional(),
  isUserInferred: z.boolean().optional(),
  candidate: z
    .object({
      spanId: Text,
      parentSpanId: text,
      observationId: Text,
      marker: z.enum(["app-root", "root"]).optional(),
      name: Text,
      version: text,
      release: text,
      environment: Text,
      content: z.object({ input: JsonValue, output: JsonValue, metadata: JsonValue }).optional(),
    })
    .optional(),
});
