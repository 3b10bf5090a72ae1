/**
 * Ingestion, writing: writes what the entities of a batch say about their traces to traces_mt and the aggregates it feeds. May run twice.
 */
import { type AggregateRow, observationAggregateRow, scoreAggregateRow, traceAggregateRow } from "../../core/ingestion/aggregate-rows.ts";
import type { TraceRow } from "../../core/ingestion/rows.ts";
import { type AggregateWrite, type AggregateWriterDeps, writeTraceAggregates } from "../../db/clickhouse/traces/write-trace-aggregates.ts";
import type { MergedEntity } from "./merge-entity.ts";
import { namedTraces, wasAttempted } from "./possible-sort-keys.ts";

/** `traces` are the rows as stored, including what is kept of earlier versions. Runs one statement per project. */
export const writeAggregates = async (
  deps: AggregateWriterDeps,
  { token, signal }: { token: string; signal: AbortSignal },
  traces: readonly TraceRow[],
  entities: readonly MergedEntity[],
): Promise<void> => {
  for (const projectId of new Set(entities.map(({ entity }) => entity.projectId))) {
    const stored = new Map(traces.flatMap((row) => (row.project_id === projectId ? [[row.id, row]] : [])));
    const writes = entities.flatMap((one) => {
      const write = one.entity.projectId === projectId ? writeOf(one, stored) : undefined;
      return write === undefined ? [] : [{ ...write, isContested: wasAttempted(one.entity) }];
    });
    if (writes.length > 0) await writeTraceAggregates(deps, { projectId, token: `${token}-${projectId}`, writes, signal });
  }
};

const writeOf = ({ entity, ...one }: MergedEntity, stored: ReadonlyMap<string, TraceRow>): AggregateWrite | undefined => {
  switch (one.kind) {
    case "trace":
      return { row: traceAggregateRow(stored.get(one.row.id) ?? one.row) };
    case "observation": {
      const { row } = one.merged;
      const formerTraceIds = namedTraces(entity).filter((traceId) => traceId !== row.trace_id);
      // The former content of a file that was stored again is lost, so any trace may have been named.
      return withDetails(observationAggregateRow(row), { formerTraceIds, isStray: entity.isRewritten });
    }
    case "score":
      return withDetails(scoreAggregateRow(one.row));
    case "dataset_run_item":
      return undefined;
    default:
      return one satisfies never;
  }
};

const withDetails = (row: AggregateRow | undefined, more: Omit<AggregateWrite, "row"> = {}): AggregateWrite | undefined =>
  row && { row, ...more };
