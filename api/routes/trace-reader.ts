/** What reads of traces are given: ClickHouse, and where the experiment is on, what it needs of this request. */
import type { Context } from "hono";
import { toAppError } from "../../core/errors.ts";
import type { ComparedRead } from "../../core/traces/measure-and-return.ts";
import type { DocumentReaderDeps } from "../../services/traces/answer-from.ts";
import type { AppEnv, TraceReadDeps } from "../deps.ts";

/** Each compared read is one line of the log. What goes on after the answer is kept alive by `waitUntil`: at most 30 s on Cloudflare. */
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

/** Of each answer, so many characters are logged. */
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
