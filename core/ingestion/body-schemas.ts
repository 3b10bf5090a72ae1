/**
 * Ingestion, parsing: schemas for the bodies of traces, observations and dataset run items. Each returns the entity's id, if named, beside
 * the body. Unlisted keys are dropped; an invalid field refuses the whole body, so that its sender learns of it.
 */
import { z } from "zod";
import { normalizeEnvironment } from "./environment.ts";
import type { DatasetRunItemBody, ObservationBody, ObservationType, TraceBody } from "./event.ts";
import { Id, Instant, JsonRecord, JsonValue, Reference, schemaOf, Text, TextList } from "./fields.ts";
import { OtelBody, TraceOtelBody } from "./otel-body.ts";
import { CostDetails, joinUsage, Usage, UsageDetails } from "./usage.ts";

/** What a body says: the entity's id, if named, and the fields. */
type Said<Body> = { id: string | null | undefined; body: Body };

export const nameCharactersMax = 1000;
/** The column is UInt16. */
const promptVersionMax = 65_535;

/** Never fails: an unusable environment is normalized. */
export const environmentSchema = (options: { isInternal: boolean }) =>
  schemaOf((input) => ({ value: normalizeEnvironment(input, options) })).optional();

/** A field that the sender may not set. */
const dropped = schemaOf(() => ({ value: undefined })).optional();

const text = Text.nullish();
const instant = Instant.nullish();

export const traceSchema = (options: { isInternal: boolean }): z.ZodType<Said<TraceBody>> =>
  z
    .object({
      id: Id.nullish(),
      timestamp: instant,
      name: Text.max(nameCharactersMax, `must have at most ${nameCharactersMax} characters`).nullish(),
      externalId: text,
      input: JsonValue,
      output: JsonValue,
      sessionId: Reference,
      userId: text,
      environment: environmentSchema(options),
      metadata: JsonValue,
      release: text,
      version: text,
      public: z.boolean().nullish(),
      tags: TextList.nullish(),
      rollUps: options.isInternal ? TextList.optional() : dropped,
      otel: options.isInternal ? TraceOtelBody.optional() : dropped,
    })
    .transform(({ id, ...body }) => ({ id, body }));

const observationFields = {
  traceId: Id.nullish(),
  name: text,
  startTime: instant,
  metadata: JsonValue,
  input: JsonValue,
  output: JsonValue,
  level: z.enum(["DEBUG", "DEFAULT", "WARNING", "ERROR"]).nullish(),
  statusMessage: text,
  parentObservationId: Reference,
  version: text,
};
const spanFields = { endTime: instant };
const generationFields = {
  completionStartTime: instant,
  model: text,
  modelParameters: JsonRecord.nullish(),
  usage: Usage,
  usageDetails: UsageDetails,
  costDetails: CostDetails,
};
const promptFields = {
  promptName: text,
  promptVersion: z.int().min(0).max(promptVersionMax).nullish(),
};

/** Which fields an observation may have. Each level includes those of the level before. */
type Depth = "event" | "span" | "generation";

/** An observation whose kind comes from the event type. */
export const observationSchema = (
  type: ObservationType,
  depth: Depth,
  options: { isInternal: boolean },
): z.ZodType<Said<ObservationBody>> => {
  const base = z.object({
    id: Id,
    environment: environmentSchema(options),
    ...observationFields,
    otel: options.isInternal ? OtelBody.optional() : dropped,
  });
  const said = ({ id, ...body }: { id: string } & Omit<ObservationBody, "type">): Said<ObservationBody> => ({
    id,
    body: { type, ...body },
  });
  switch (depth) {
    case "event":
      return base.transform(said);
    case "span":
      return base.extend(spanFields).transform(said);
    case "generation":
      return base
        .extend({ ...spanFields, ...generationFields, ...promptFields })
        .refine((body) => Boolean(body.promptName) === Boolean(body.promptVersion), {
          path: ["promptVersion"],
          message: "promptName and promptVersion must be given together",
        })
        .transform(({ usage, usageDetails, costDetails, ...body }) =>
          said({ ...body, ...joinUsage({ usage, usageDetails, costDetails, isResolved: body.otel !== undefined }) }),
        );
    default:
      return depth satisfies never;
  }
};

/** The older form, whose body names the kind; it has no environment. */
export const legacyObservationSchema = (): z.ZodType<Said<ObservationBody>> =>
  z
    .object({
      id: Id.nullish(),
      type: z.enum(["GENERATION", "SPAN", "EVENT"]),
      ...observationFields,
      ...spanFields,
      ...generationFields,
    })
    .transform(({ id, usage, usageDetails, costDetails, ...body }) => ({
      id,
      body: { ...body, ...joinUsage({ usage, usageDetails, costDetails }) },
    }));

export const datasetRunItemSchema = (): z.ZodType<Said<DatasetRunItemBody>> =>
  z
    .object({
      id: Id.nullish(),
      traceId: Id,
      observationId: Reference,
      error: text,
      createdAt: instant,
      datasetId: Id,
      runId: Id,
      datasetItemId: Id,
      datasetVersion: text,
    })
    .transform(({ id, ...body }) => ({ id, body }));
