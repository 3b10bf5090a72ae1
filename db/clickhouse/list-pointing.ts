/** ClickHouse: finds stored scores and dataset run items that name spans by their plain ids. Memory: their ids. */
import { z } from "zod";
import { externalTable } from "../../core/query/external-table.ts";
import type { ClickHouse } from "./client.ts";
import { handIds, isAmong } from "./stored-entities.ts";

type SpanOfProject = { projectId: string; traceId: string; spanId: string };
type PointingEntity = { projectId: string; entityType: "score" | "dataset_run_item"; id: string };

const Row = z.object({ project_id: z.string(), entity_type: z.enum(["score", "dataset_run_item"]), id: z.string() });

/**
 * Uses the newest version of each undeleted row. Finds scores by the bloom filter of their traces; for run items, reads the needed columns
 * of the projects.
 */
export const listPointing = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  spans: readonly SpanOfProject[],
  signal: AbortSignal,
): Promise<PointingEntity[]> => {
  const pointing = (
    table: string,
    entityType: PointingEntity["entityType"],
  ) => `SELECT project_id, '${entityType}' AS entity_type, id FROM (
      SELECT project_id, id, argMax(tuple(ifNull(trace_id, ''), ifNull(observation_id, ''), is_deleted), (event_ts, is_deleted = 0)) AS newest
      FROM ${table} WHERE ${isAmong("wanted_traces", "trace_id")} GROUP BY project_id, id
    ) WHERE newest.3 = 0 AND (project_id, newest.1, newest.2) IN (SELECT project_id, trace_id, span_id FROM wanted_spans)`;
  const rows = await clickhouse.queryRows({
    sql: `${pointing("scores", "score")} UNION ALL ${pointing("dataset_run_items_rmt", "dataset_run_item")}`,
    params: {
      wanted_traces: handIds(spans.map(({ projectId, traceId }) => ({ projectId, id: traceId }))),
      wanted_spans: externalTable(
        "project_id String, trace_id String, span_id String",
        spans.map(({ projectId, traceId, spanId }) => ({ project_id: projectId, trace_id: traceId, span_id: spanId })),
      ),
    },
    signal,
  });
  return rows
    .map((row) => Row.parse(row))
    .map(({ project_id, entity_type, id }) => ({ projectId: project_id, entityType: entity_type, id }));
};
