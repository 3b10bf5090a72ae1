/** For the writer of `traces_mt`: what earlier writes have added to some traces, so that a repeated write adds only the difference. */
import { z } from "zod";
import type { Contribution } from "../../../core/ingestion/aggregate-rows.ts";
import type { ClickHouse } from "../client.ts";
import { idSlices } from "../id-slices.ts";
import { idsMax, instant, numberText } from "./trace-row.ts";

export type TraceContributions = {
  /** The earliest instant anything of the trace has begun. */
  startTime: string;
  /** By id of the observation. */
  observations: Map<string, Contribution>;
};

const details = z.custom<Record<string, string>>(
  (value) => typeof value === "object" && value !== null && Object.values(value).every((entry) => numberText.safeParse(entry).success),
);
const ContributionRow = z.object({
  traceId: z.string(),
  observationId: z.string(),
  startTime: instant,
  usageDetails: details,
  costDetails: details,
});

/**
 * By id of the trace; traces nothing was written of are left out. The rows of `traces_mt` are what the aggregates were made from, so they say exactly what
 * was added, also when the attempt that added it never got to `observations`. To be read and written in the lane of the trace, one writer at a time.
 * Reads by the key (project_id, id); sums of usage are modulo 2^64, as in the aggregates.
 */
export const listContributions = async (
  { clickhouse, signal }: { clickhouse: Pick<ClickHouse, "queryRows">; signal?: AbortSignal },
  { projectId, traceIds }: { projectId: string; traceIds: readonly string[] },
): Promise<Map<string, TraceContributions>> => {
  const rows: unknown[] = [];
  for (const slice of idSlices(traceIds, idsMax)) rows.push(...(await readSlice({ clickhouse, signal }, projectId, slice)));
  const traces = new Map<string, TraceContributions>();
  for (const row of rows) {
    const { traceId, observationId, startTime, usageDetails, costDetails } = ContributionRow.parse(row);
    const known = traces.get(traceId) ?? { startTime, observations: new Map<string, Contribution>() };
    if (startTime < known.startTime) known.startTime = startTime;
    if (observationId !== "") known.observations.set(observationId, { usageDetails, costDetails });
    traces.set(traceId, known);
  }
  return traces;
};

const readSlice = (
  { clickhouse, signal }: { clickhouse: Pick<ClickHouse, "queryRows">; signal: AbortSignal | undefined },
  projectId: string,
  traceIds: readonly string[],
): Promise<unknown[]> =>
  clickhouse.queryRows<unknown>({
    sql: `SELECT id AS traceId, arrayElement(observation_ids, 1) AS observationId, min(start_time) AS startTime,
        sumMap(usage_details) AS usageDetails, sumMap(CAST(cost_details, 'Map(String, Decimal(38, 12))')) AS costDetails
      FROM traces_mt WHERE project_id = {projectId:String} AND id IN {traceIds:Array(String)} GROUP BY traceId, observationId`,
    params: { projectId, traceIds },
    // On replicas a write is seen by the next read only so.
    settings: { select_sequential_consistency: "1" },
    signal,
  });
