/** Ingestion, roll-ups: reads which observations of some traces have usage, and their parents. Reads only ids and map sizes. */
import { z } from "zod";
import type { UsageNode } from "../../core/ingestion/roll-up.ts";
import type { ClickHouse } from "./client.ts";
import { handIds, isAmong, type OwnedId, ownedName } from "./stored-entities.ts";

const Row = z.object({
  project_id: z.string(),
  trace_id: z.string(),
  id: z.string(),
  parent_id: z.string().nullable(),
  carries_usage: z.union([z.boolean(), z.number()]),
});

/**
 * Returns the newest version of each undeleted observation of these traces, keyed by the trace's `ownedName`. Finds granules by the bloom
 * filter of trace ids.
 */
export const loadUsageNodes = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  traces: readonly OwnedId[],
  signal: AbortSignal,
): Promise<Map<string, UsageNode[]>> => {
  const rows = await clickhouse.queryRows({
    sql: `SELECT project_id, trace_id, id, newest.1 AS parent_id, newest.2 AS carries_usage FROM (
        SELECT project_id, trace_id, id, argMax(tuple(parent_observation_id, notEmpty(usage_details) OR notEmpty(cost_details), is_deleted), (event_ts, is_deleted = 0)) AS newest
        FROM observations WHERE ${isAmong("wanted_traces", "trace_id")} GROUP BY project_id, trace_id, id
      ) WHERE newest.3 = 0`,
    params: { wanted_traces: handIds(traces) },
    signal,
  });
  const found = new Map<string, UsageNode[]>();
  for (const row of rows.map((one) => Row.parse(one))) {
    const name = ownedName({ projectId: row.project_id, id: row.trace_id });
    const node = { id: row.id, parentId: row.parent_id, carriesUsage: Boolean(row.carries_usage) };
    const nodes = found.get(name);
    if (nodes === undefined) found.set(name, [node]);
    else nodes.push(node);
  }
  return found;
};
