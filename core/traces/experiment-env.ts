/**
 * Configuration: switches of the experiment that answers trace reads from aggregates, under Langfuse's names. The writer's switch is in
 * runner/env-schema.ts.
 */
import { z } from "zod";

export const aggregateTables = ["traces_all_amt", "traces_30d_amt", "traces_7d_amt"] as const;
export type AggregateTable = (typeof aggregateTables)[number];

const flag = z
  .enum(["true", "false"])
  .default("false")
  .transform((value) => value === "true");

const list = z
  .string()
  .default("")
  .transform((text) => [
    ...new Set(
      text
        .split(",")
        .map((entry) => entry.trim())
        .filter((entry) => entry !== ""),
    ),
  ]);

/** Spread into the environment schema of every process that reads traces. */
export const TraceExperimentEnv = z.object({
  /** Also answers reads from the aggregates and compares the results. Nothing below has an effect without it. */
  LANGFUSE_EXPERIMENT_COMPARE_READ_FROM_AGGREGATING_MERGE_TREES: flag,
  /** Share of reads that are compared; the others are answered from `traces`. */
  LANGFUSE_EXPERIMENT_SAMPLING_RATE: z.coerce.number().min(0).max(1).default(0.1),
  /** Compares only reads of these projects; empty means all. */
  LANGFUSE_EXPERIMENT_WHITELISTED_PROJECT_IDS: list,
  /** Answers compared reads from the aggregate. */
  LANGFUSE_EXPERIMENT_RETURN_NEW_RESULT: flag,
  /** Does the same, only for reads of the last 30 days. */
  LANGFUSE_EXPERIMENT_RETURN_NEW_RESULT_SHORT_TERM: flag,
  /** Projects whose reports carry both answers. */
  LANGFUSE_EXPERIMENT_ADD_QUERY_RESULT_TO_SPAN_PROJECT_IDS: list,
  /** Aggregates that may be read; empty means all. `traces_all_amt` replaces the others. */
  LANGFUSE_EXPERIMENT_WHITELISTED_AMT_TABLES: list.pipe(
    z.array(z.enum(aggregateTables, { error: `must be one of ${aggregateTables.join(", ")}` })),
  ),
});

export type TraceExperimentFlags = {
  isComparing: boolean;
  samplingRate: number;
  projectIds: readonly string[];
  returns: "traces" | "aggregate" | "aggregate_of_last_30_days";
  resultsInReportProjectIds: readonly string[];
  aggregateTables: readonly AggregateTable[];
};

export const traceExperimentFlags = (env: z.output<typeof TraceExperimentEnv>): TraceExperimentFlags => ({
  isComparing: env.LANGFUSE_EXPERIMENT_COMPARE_READ_FROM_AGGREGATING_MERGE_TREES,
  samplingRate: env.LANGFUSE_EXPERIMENT_SAMPLING_RATE,
  projectIds: env.LANGFUSE_EXPERIMENT_WHITELISTED_PROJECT_IDS,
  returns: env.LANGFUSE_EXPERIMENT_RETURN_NEW_RESULT
    ? "aggregate"
    : env.LANGFUSE_EXPERIMENT_RETURN_NEW_RESULT_SHORT_TERM
      ? "aggregate_of_last_30_days"
      : "traces",
  resultsInReportProjectIds: env.LANGFUSE_EXPERIMENT_ADD_QUERY_RESULT_TO_SPAN_PROJECT_IDS,
  aggregateTables: env.LANGFUSE_EXPERIMENT_WHITELISTED_AMT_TABLES,
});
