/** Follows an export by its events, and by asking for it where events do not get through. */
import { streamBatchExportEvents } from "./generated/sdk.gen.ts";
import type { BatchExport, BatchExportSummary, Problem } from "./generated/types.gen.ts";
import type { Connection, RequestOptions } from "./send.ts";
import { errorOfProblem, SpillwayError } from "./spillway-error.ts";
import { wait } from "./wait.ts";

export type WaitOptions = RequestOptions & {
  /** Called with each change of the export, the state at the beginning included. */
  onProgress?: ((current: BatchExportSummary) => void) | undefined;
  /** Between two questions while events do not get through. Default 2,000. */
  pollMs?: number | undefined;
};

/** A proxy that holds events back looks like a silent one: the first event comes at once, and a comment every 15 seconds. */
const silenceMsMax = 45_000;
/** Connections without an event after which only questions are asked. */
const emptyStreamsMax = 3;

const isOver = ({ finishedAt }: BatchExportSummary): boolean => finishedAt !== null;

/**
 * Answers the completed export. Throws EXPORT_NOT_COMPLETED if it failed or was cancelled; waits as long as the export takes, which
 * `signal` can end. Connections that break are made again.
 */
export const waitForExport = async (
  connection: Connection,
  get: (id: string, options: RequestOptions) => Promise<BatchExport>,
  id: string,
  options: WaitOptions = {},
): Promise<BatchExport> => {
  const { onProgress, pollMs = 2000, ...request } = options;
  const { signal } = connection.settingsOf(request);
  for (let emptyStreams = 0; ; ) {
    if (emptyStreams < emptyStreamsMax) {
      let events = 0;
      for await (const current of exportEvents(connection, id, request)) {
        events++;
        onProgress?.(current);
      }
      emptyStreams = events === 0 ? emptyStreams + 1 : 0;
    }
    const current = await get(id, request);
    if (isOver(current)) return completed(current);
    onProgress?.(current);
    await wait(pollMs, signal);
  }
};

const completed = (one: BatchExport): BatchExport => {
  if (one.status === "COMPLETED") return one;
  throw new SpillwayError({
    code: "EXPORT_NOT_COMPLETED",
    message:
      one.error === null
        ? `The export ${one.id} is ${one.status}.`
        : `The export ${one.id} is ${one.status} (${one.error.code}): ${one.error.message}`,
    ...(one.error === null ? {} : { help: one.error.help }),
  });
};

/**
 * The states of the export as they change. Ends with its final state, or earlier when the connection does. Throws what the API
 * answers, such as NOT_FOUND, and the reason of the signal.
 */
export async function* exportEvents(
  connection: Connection,
  id: string,
  options: RequestOptions = {},
): AsyncGenerator<BatchExportSummary, void, undefined> {
  const { signal, ...settings } = connection.settingsOf(options);
  // Ends the connection: after silence, and when nobody reads on. The SDK gets no signal, because it leaves a rejected promise behind.
  const ending = new AbortController();
  const either = AbortSignal.any([signal, ending.signal]);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => ending.abort(), silenceMsMax);
  };
  let name: string | undefined;
  let failure: unknown;
  heard();
  try {
    const { stream } = await streamBatchExportEvents({
      ...settings,
      path: { id },
      headers: options.headers ?? {},
      fetch: ((request: Request) => settings.fetch(new Request(request, { signal: either }))) as typeof fetch,
      sseMaxRetryAttempts: 1,
      onSseError: (error) => {
        failure = error;
      },
      onSseEvent: ({ event }) => {
        name = event;
        heard();
      },
    });
    for await (const data of stream as AsyncIterable<unknown>) {
      if (name === "problem") {
        const problem = errorOfProblem(data as Problem);
        if (isPassing(problem)) return;
        throw problem;
      }
      yield data as BatchExportSummary;
      if (name === "end") return;
    }
  } finally {
    clearTimeout(timer);
    ending.abort();
  }
  if (signal.aborted) throw signal.reason;
  if (failure instanceof SpillwayError && !isPassing(failure)) throw failure;
}

/** A stream that breaks is one that ends: whoever follows it asks again. */
const isPassing = ({ code, status }: SpillwayError): boolean => code === "CONNECTION_FAILED" || status >= 500;
