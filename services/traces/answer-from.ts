/**
 * Trace reads: selects the source of an answer. This is `traces`, unless a source is given or the experiment compares it with an aggregate.
 */
import {
  type Comparison,
  compareWith,
  measureAndReturn,
  type TraceExperiment,
  type TraceRead,
  type TraceSource,
} from "../../core/traces/measure-and-return.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { readSettings } from "./newest.ts";

export type TraceReaderDeps = {
  clickhouse: Pick<ClickHouse, "queryRows">;
  experiment?: TraceExperiment;
  /** Answers from this source, whatever the experiment says. */
  source?: TraceSource;
  signal?: AbortSignal;
};

/** Dependencies of reads that answer with JSON documents. */
export type DocumentReaderDeps = TraceReaderDeps & { clickhouse: Pick<ClickHouse, "queryRows" | "openBytes"> };

/** Runs one query against a source. */
export type RunQuery = (sql: string, params: Record<string, unknown>) => Promise<unknown[]>;

/** Answers a read from one source; a compared read runs it for two, in parallel. */
type Answer<Result> = (source: TraceSource, query: RunQuery, isCompared: boolean) => Promise<Result>;

export const answerFrom = <Result>(
  deps: TraceReaderDeps,
  read: TraceRead,
  answer: Answer<Result>,
  comparison?: Comparison<Result>,
): Promise<Result> => openTraceRead(deps, read)(answer, comparison);

/** Does the same for a read of several pages. The comparison is chosen once, so that all pages come from one source. */
export const openTraceRead = (
  deps: TraceReaderDeps,
  read: TraceRead,
): (<Result>(answer: Answer<Result>, comparison?: Comparison<Result>) => Promise<Result>) => {
  const { clickhouse, experiment, source, signal } = deps;
  const query: RunQuery = (sql, params) => clickhouse.queryRows<unknown>({ sql, params, settings: readSettings, signal });
  if (source !== undefined || experiment === undefined) return (answer) => answer(source ?? "traces", query, false);
  const compared = compareWith(experiment, read);
  if (compared === null) return (answer) => answer("traces", query, false);
  return (answer, comparison) => measureAndReturn(experiment, read, compared, (from) => answer(from, query, true), comparison);
};
