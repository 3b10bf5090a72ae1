/**
 * Ingestion, parsing: validates scores. Reports to the sender what is wrong with the score itself; fit with its score config is judged
 * where configs are known.
 */
import { z } from "zod";
import { environmentSchema } from "./body-schemas.ts";
import type { ScoreBody } from "./event.ts";
import { Id, JsonValue, Reference, ScoreNameText, schemaOf, Text } from "./fields.ts";

const dataTypes = ["NUMERIC", "CATEGORICAL", "BOOLEAN", "TEXT", "CORRECTION"] as const;
const scoreTextCharactersMax = 500;

const isText = (value: string | number): boolean => typeof value === "string";
const valueRules: Record<ScoreBody["dataType"], { fits: (value: string | number) => boolean; rule: string }> = {
  NUMERIC: { fits: (value) => typeof value === "number", rule: "must be a number for data type NUMERIC" },
  CATEGORICAL: { fits: isText, rule: "must be a string for data type CATEGORICAL" },
  BOOLEAN: {
    fits: (value) => value === 0 || value === 1,
    rule: "must be a number equal to either 0 or 1 for data type BOOLEAN",
  },
  TEXT: {
    fits: (value) => typeof value === "string" && value.length >= 1 && value.length <= scoreTextCharactersMax,
    rule: `must be a string of 1 to ${scoreTextCharactersMax} characters for data type TEXT`,
  },
  CORRECTION: { fits: isText, rule: "must be a string for data type CORRECTION" },
};

const ScoreValue = schemaOf((input): { value: string | number } | { fault: string } => {
  if (typeof input === "string") return { value: input.toWellFormed() };
  return typeof input === "number" && Number.isFinite(input) ? { value: input } : { fault: "must be a number or a string" };
});

const scoreFields = (options: { isInternal: boolean }) =>
  z.object({
    id: Id.nullish(),
    // Stored scores may have longer names, which were allowed earlier.
    name: options.isInternal ? Text.min(1, "must not be empty") : ScoreNameText,
    traceId: Reference,
    sessionId: Reference,
    datasetRunId: Reference,
    observationId: Reference,
    environment: environmentSchema(options),
    comment: Text.nullish(),
    metadata: JsonValue,
    source: z.enum(["API", "EVAL", "ANNOTATION"]).nullish(),
    executionTraceId: Reference,
    queueId: Reference,
    configId: Reference,
    dataType: z.enum(dataTypes).nullish(),
    value: ScoreValue,
  });
type ScoreFields = z.infer<ReturnType<typeof scoreFields>>;

export const targetRule =
  "Provide exactly one of the following: traceId (with optional observationId), sessionId or datasetRunId. ObservationId requires traceId.";

const isGiven = (reference: string | null | undefined): boolean => reference !== undefined && reference !== null;

const faultsOf = (score: ScoreFields, dataType: ScoreBody["dataType"]): { path: string[]; message: string }[] => {
  const targets = [score.traceId, score.sessionId, score.datasetRunId].filter(isGiven).length;
  const faults: { path: string[]; message: string }[] = [];
  if (targets !== 1 || (isGiven(score.observationId) && !isGiven(score.traceId))) faults.push({ path: [], message: targetRule });
  if (!valueRules[dataType].fits(score.value)) faults.push({ path: ["value"], message: valueRules[dataType].rule });
  if (dataType === "CORRECTION" && targets === 1 && !isGiven(score.traceId))
    faults.push({ path: ["dataType"], message: "CORRECTION scores are not allowed on sessions and dataset runs" });
  if (score.source === "ANNOTATION" && dataType !== "CORRECTION" && !isGiven(score.configId))
    faults.push({ path: ["configId"], message: "configId is required when source is ANNOTATION (except for CORRECTION scores)." });
  return faults;
};

/** Without a data type, numbers are NUMERIC and texts CATEGORICAL. A correction is named `output`, which it corrects, and has no config. */
export const scoreSchema = (options: { isInternal: boolean }): z.ZodType<{ id: string | null | undefined; body: ScoreBody }> =>
  scoreFields(options).transform((score, context) => {
    const { id, ...body } = score;
    const dataType = score.dataType ?? (typeof score.value === "number" ? "NUMERIC" : "CATEGORICAL");
    for (const fault of faultsOf(score, dataType)) context.issues.push({ code: "custom", input: score, ...fault });
    const { configId, ...correction } = body;
    const source = score.source ?? "API";
    return dataType === "CORRECTION"
      ? { id, body: { ...correction, source, dataType, name: "output" } }
      : { id, body: { ...body, configId, source, dataType } };
  });
