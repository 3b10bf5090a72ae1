/** Access pattern: whole traces of a window, for blob storage. */
import type { TraceReaderDeps } from "../answer-from.ts";
import { type FullTraceRow, loadFullTraceRows } from "../trace-row.ts";
import { streamTraces, type TraceWindow } from "./stream-traces.ts";

export const streamBlobStorageTraces = (deps: TraceReaderDeps, window: TraceWindow): AsyncIterable<FullTraceRow[]> =>
  streamTraces(deps, "stream_blob_storage_traces", window, loadFullTraceRows);
