/** Dependencies of trace reads: ClickHouse, and for the experiment what it needs from this request. */
import type { Context } from "hono";
import { toAppError } from "../../core/errors.ts";
import type { ComparedRead } from "../../core/traces/measure-and-return.ts";
import type { DocumentReaderDeps } from "../../services/traces/answer-from.ts";
import type { AppEnv, TraceReadDeps } from "../deps.ts";

/** Writes one log line per compared read. `waitUntil` keeps work alive after the response: at most 30 s on Cloudflare. */
export const traceReader = (
  c: Context<AppEnv>,
  deps: Pick<TraceReadDeps, "openClickHouse" | "traceExperiment" | "log">,
): DocumentReaderDeps => {
  const { traceExperiment, log } = deps;
  const clickhouse = deps.openClickHouse();
  if (traceExperiment === null) return { clickhouse };
  const report = (read: ComparedRead) => log({ event: "trace_read_compared", request_id: c.get("requestId"), ...lineOf(read) });
  return { clickhouse, experiment: { ...traceExperiment, report, defer: (work) => c.executionCtx.waitUntil(work) } };
};

/** Characters logged of each result. */
const loggedMax = 16_000;

const lineOf = ({ results, failure, ...read }: ComparedRead) => ({
  operation: read.operation,
  project_id: read.projectId,
  source: read.source,
  traces_seconds: read.tracesSeconds,
  aggregate_seconds: read.aggregateSeconds,
  is_equal: read.isEqual,
  returned: read.returned,
  ...(failure === null ? {} : { failure: toAppError(failure).code, detail: toAppError(failure).detail }),
  ...(results === undefined ? {} : { results: { traces: shown(results.traces), aggregate: shown(results.aggregate) } }),
});

const shown = (answer: unknown): string => JSON.stringify(answer).slice(0, loggedMax);
