/** Ingestion, between merge and write: sets a merged observation's usage and cost from the project's models. */
import { parseExactJson } from "../exact-json.ts";
import type { Model } from "../models/model.ts";
import { type CountTokens, usageAndCost } from "../models/usage-and-cost.ts";
import { isModelCall, type Json } from "./event.ts";
import type { MergedObservation } from "./merge/merge-observation.ts";

/** Parses JSON that we encoded ourselves; anything but an object means no parameters. */
const parseParameters = (text: string | null): Record<string, Json> | null => {
  if (text === null || !text.startsWith("{")) return null;
  return parseExactJson(text) as Record<string, Json>;
};

const isName = (name: string | null | undefined): name is string => name !== undefined && name !== null && name !== "";

export const priceObservation = (observation: MergedObservation, models: readonly Model[], countTokens: CountTokens): MergedObservation => {
  const { row, otel } = observation;
  const priced = usageAndCost(
    {
      providedUsage: row.provided_usage_details,
      providedCost: row.provided_cost_details,
      models: [row.provided_model_name, otel.requestModel].filter(isName),
      modelParameters: parseParameters(row.model_parameters),
      metadata: row.metadata,
      input: row.input,
      // Makers charge what an embedding model reads; its vectors are no tokens.
      output: row.type === "EMBEDDING" ? null : row.output,
      level: row.level,
      startTime: row.start_time,
    },
    models,
    // Agents, chains and tools, and whatever rolls up the calls below it, repeat the texts of those calls, where tokens are counted.
    isModelCall(row.type) && otel.rollUp === undefined ? countTokens : () => undefined,
  );
  return {
    ...observation,
    row: {
      ...row,
      internal_model_id: priced.modelId,
      usage_details: priced.usageDetails,
      cost_details: priced.costDetails,
      total_cost: priced.totalCost,
      usage_pricing_tier_id: priced.pricingTierId,
      usage_pricing_tier_name: priced.pricingTierName,
    },
  };
};
