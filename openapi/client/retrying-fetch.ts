/** A `fetch` that repeats what may be repeated and throws a SpillwayError for what is not a success. */
import { errorOfResponse, SpillwayError } from "./spillway-error.ts";
import { wait } from "./wait.ts";

export type RetryOptions = {
  /** Requests for one call, the first included. Default 4; 1 switches retries off. */
  attemptsMax: number;
  /** The first delay is a random time up to this; each further bound is twice the one before. Default 500. */
  delayMsMin: number;
  /** No delay is longer, unless `Retry-After` says so. Default 20,000. */
  delayMsMax: number;
  /** A longer `Retry-After` ends the call with the error, which tells it. Default 120. */
  retryAfterSecondsMax: number;
  /** Time until an answer has arrived, or the head of one that is a stream. Default 60,000. */
  timeoutMs: number;
};

export const defaultRetry: RetryOptions = {
  attemptsMax: 4,
  delayMsMin: 500,
  delayMsMax: 20_000,
  retryAfterSecondsMax: 120,
  timeoutMs: 60_000,
};

export type RetryDeps = {
  fetch: (request: Request) => Promise<Response>;
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
  random: () => number;
  nowMs: () => number;
};

export const systemDeps = (fetch: RetryDeps["fetch"]): RetryDeps => ({ fetch, wait, random: Math.random, nowMs: Date.now });

/**
 * Repeats GET and HEAD, and what carries an Idempotency-Key: after a broken connection, 429 and any 5xx. 429 is repeated for every method,
 * because such a request was not begun. Throws the reason of the request's signal as it is.
 */
export const retryingFetch =
  (retry: RetryOptions, deps: RetryDeps) =>
  async (request: Request): Promise<Response> => {
    const isSafe = ["GET", "HEAD"].includes(request.method) || request.headers.has("idempotency-key");
    for (let attempt = 1; ; attempt++) {
      const outcome = await send(request.clone(), retry.timeoutMs, deps);
      if (outcome instanceof Response) return outcome;
      const mayRepeat =
        outcome.status === 429 || (isSafe && (outcome.code === "CONNECTION_FAILED" || outcome.status >= 500 || hasToWait(outcome)));
      const askedMs = (outcome.retryAfterSeconds ?? 0) * 1000;
      if (!mayRepeat || attempt >= retry.attemptsMax || askedMs > retry.retryAfterSecondsMax * 1000) throw outcome;
      const boundMs = Math.min(retry.delayMsMax, retry.delayMsMin * 2 ** (attempt - 1));
      await deps.wait(askedMs + deps.random() * boundMs, request.signal);
    }
  };

/** The first request with this Idempotency-Key is still at work. */
const hasToWait = ({ status, retryAfterSeconds }: SpillwayError): boolean => status === 409 && retryAfterSeconds !== undefined;

/** The answer if it is a success, otherwise the error. */
const send = async (request: Request, timeoutMs: number, deps: RetryDeps): Promise<Response | SpillwayError> => {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(new Error(`No answer within ${timeoutMs} ms.`)), timeoutMs);
  try {
    const response = await deps.fetch(new Request(request, { signal: AbortSignal.any([request.signal, timeout.signal]) }));
    return response.ok ? response : await errorOfResponse(response, deps.nowMs());
  } catch (error) {
    if (request.signal.aborted) throw request.signal.reason;
    const cause = timeout.signal.aborted ? timeout.signal.reason : error;
    return new SpillwayError({
      code: "CONNECTION_FAILED",
      message: `The API at ${new URL(request.url).origin} did not answer: ${cause instanceof Error ? cause.message : String(cause)}`,
      help: "Check the address and the network; the call can be repeated.",
      cause,
    });
  } finally {
    clearTimeout(timer);
  }
};
