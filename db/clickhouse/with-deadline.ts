/** ClickHouse: one call to the server, ended by its caller's signal or its own deadline. */
import { AppError } from "../../core/errors.ts";
import { clickHouseFailure } from "./clickhouse-failure.ts";

/**
 * Gives each call a signal of its own, because the client overwrites `onabort` of the one it is given. Throws the reason of the caller's
 * signal, CLICKHOUSE_UNAVAILABLE after `timeoutSeconds`, or the translated failure.
 */
export const withDeadline = async <R>(
  { signal, timeoutSeconds }: { signal?: AbortSignal | undefined; timeoutSeconds: number },
  run: (signal: AbortSignal) => Promise<R>,
): Promise<R> => {
  const late = new AbortController();
  // Not every runtime aborts the reading of a body with its request's signal, so the timeout is raced as well.
  let timer: ReturnType<typeof setTimeout> | undefined;
  const lateness = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      late.abort();
      reject(late.signal.reason);
    }, timeoutSeconds * 1000);
  });
  try {
    return await Promise.race([run(AbortSignal.any(signal === undefined ? [late.signal] : [signal, late.signal])), lateness]);
  } catch (error) {
    signal?.throwIfAborted();
    if (late.signal.aborted)
      throw new AppError({
        code: "CLICKHOUSE_UNAVAILABLE",
        message: `ClickHouse did not answer within ${timeoutSeconds} s.`,
        cause: error,
      });
    throw clickHouseFailure(error);
  } finally {
    if (timer !== undefined) clearTimeout(timer);
  }
};
