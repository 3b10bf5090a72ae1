/** Access pattern: traces of a window with their totals, for PostHog and other analytics. */
import type { TraceReaderDeps } from "../answer-from.ts";
import { loadMeasuredTraceRows, type MeasuredTraceRow } from "../trace-row.ts";
import { streamTraces, type TraceWindow } from "./stream-traces.ts";

export const streamPosthogTraces = (deps: TraceReaderDeps, window: TraceWindow): AsyncIterable<MeasuredTraceRow[]> =>
  streamTraces(deps, "stream_posthog_traces", window, loadMeasuredTraceRows);
