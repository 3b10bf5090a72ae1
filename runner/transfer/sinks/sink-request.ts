/** One request to an analytics product: compressed, ended by a timeout, its answer read up to a bound. And attempts with growing waits. */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { AppError } from "../../../core/errors.ts";
import type { Clock } from "../../deps.ts";
import { withEncoded } from "./encode-body.ts";
import { SinkFailure } from "./sink-failure.ts";

export type SinkDeps = {
  /** Connects to a customer's address. Errors of its own, such as for a blocked address, are AppErrors. */
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  clock: Pick<Clock, "nowMs" | "wait" | "startTimer">;
  /** A number in [0, 1). */
  random: () => number;
};

export type SinkAnswer = { status: number; headers: Headers; text: string };

/** From the first byte of the request to the last of the answer. */
const requestTimeoutMs = 60_000;
const attemptsMax = 5;
const backoffMs = 500;
/** What a service may ask for without giving up the attempt: beyond it, the run is better postponed. */
const waitSecondsMax = 60;
/** An answer that names each of 1,000 events is about 300 KB. */
const answerCharactersMax = 4 * 1024 * 1024;

const compress = promisify<Uint8Array, { level: number }, Uint8Array>(gzip);

/** `body`: the JSON text in pieces. */
type SinkRequest = { url: string; headers: Record<string, string>; body: readonly string[]; signal: AbortSignal };

/** Throws SINK_UNAVAILABLE if there is no whole answer in time, and the reason of the signal. */
export const postJson = async ({ fetch, clock }: SinkDeps, { url, headers, body, signal }: SinkRequest): Promise<SinkAnswer> => {
  // Repetitive text: the fastest level already saves nine tenths.
  const compressed = await withEncoded(body, (bytes) => compress(bytes, { level: 1 }));
  const late = new AbortController();
  let isLate = false;
  const lateness = Promise.withResolvers<never>();
  const timer = clock.startTimer(requestTimeoutMs, () => {
    isLate = true;
    late.abort();
    // Not every runtime aborts the reading of a body with its request's signal.
    lateness.reject(new Error("no answer in time"));
  });
  const stop = () => lateness.reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  const exchange = async (): Promise<SinkAnswer> => {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json", "content-encoding": "gzip", "user-agent": "spillway" },
      body: compressed as Uint8Array<ArrayBuffer>,
      redirect: "manual",
      signal: AbortSignal.any([signal, late.signal]),
    });
    return { status: response.status, headers: response.headers, text: await readText(response) };
  };
  try {
    signal.throwIfAborted();
    return await Promise.race([exchange(), lateness.promise]);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof AppError) throw cause;
    const detail = isLate ? `no answer within ${requestTimeoutMs / 1000} s` : cause instanceof Error ? cause.message : String(cause);
    throw new SinkFailure({ code: "SINK_UNAVAILABLE", detail, cause });
  } finally {
    timer.stop();
    signal.removeEventListener("abort", stop);
  }
};

const readText = async (response: Response): Promise<string> => {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > answerCharactersMax) throw new SinkFailure({ code: "SINK_UNEXPECTED_ANSWER", detail: "the answer does not end" });
  }
  return text + decoder.decode();
};

/**
 * Runs attempts, numbered from 1, until one returns. Repeats failures of the given codes, after what the service asks for or twice as long
 * each time; throws the last one. Never waits longer than a minute for one attempt.
 */
export const withAttempts = async <Result>(
  { clock, random }: SinkDeps,
  { codes, signal }: { codes: ReadonlySet<SinkFailure["code"]>; signal: AbortSignal },
  run: (attempt: number) => Promise<Result>,
): Promise<Result> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run(attempt);
    } catch (error) {
      const canRepeat = error instanceof SinkFailure && codes.has(error.code) && attempt < attemptsMax;
      if (!canRepeat || (error.retryAfterSeconds ?? 0) > waitSecondsMax) throw error;
      const growing = backoffMs * 2 ** (attempt - 1) * (0.5 + random() / 2);
      await clock.wait(Math.max(growing, (error.retryAfterSeconds ?? 0) * 1000), signal);
    }
  }
};
