/**
 * S3: sends signed requests to an S3-compatible store with our own retries. aws4fetch only signs: its own fetch neither retries a lost
 * connection nor can resend (measured). Memory: the given body.
 */
import { AwsV4Signer } from "aws4fetch";
import { AppError, errorTable } from "../../core/errors.ts";
import { objectUrl } from "../../core/s3/object-url.ts";
import type { S3Config, S3Credentials, S3Encryption } from "../../core/s3/s3-config.ts";
import { errorOf, failureFrom } from "./store-failure.ts";
import { streamBytes } from "./stream-bytes.ts";
import { tag } from "./xml.ts";

export type S3Deps = {
  fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** Waits this many milliseconds before the next attempt; throws when the signal fires. */
  wait: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
  random: () => number;
  /** Time budget of one request with all its attempts; without it each attempt has two minutes. */
  totalTimeoutMs?: number;
  /** Credentials that change with time, used instead of the configured ones; read before every request. */
  credentials?: (() => Promise<S3Credentials>) | undefined;
};

type S3Request = {
  method: "GET" | "PUT" | "POST" | "DELETE" | "HEAD";
  key: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: Uint8Array<ArrayBuffer> | string;
  /** Sends the bytes of the body as a stream, for large ones. Needs a fetch that keeps the length of a stream: Bun's does, workerd's does not. */
  isStreamed?: boolean;
  signal?: AbortSignal | undefined;
  /** Statuses that are an answer rather than a failure, such as 404 to a HEAD. */
  accept?: readonly number[];
  attemptsMax?: number;
  /** The response is an object, whose text says nothing about the request. */
  isBody?: boolean;
  /** Reads only the head of a successful response, not its body. */
  isHeadOnly?: boolean;
};

export type S3Answer = {
  status: number;
  headers: Headers;
  text: string;
  /** Number of attempts, from 1: those before the last may have succeeded all the same. */
  attempts: number;
};
export type S3Client = { send: (request: S3Request) => Promise<S3Answer>; bucket: string };

/**
 * Keys of SigV4 by secret, day and region. Each takes four HMACs, which a request with hundreds of objects would spend on every object. Keys
 * of former days and credentials are dropped at this many.
 */
const signingKeys = new Map<string, ArrayBuffer>();
const signingKeysMax = 100;

/** Timeout of one attempt, sized for 16 MiB on a slow line. */
const requestTimeoutMs = 120_000;
const attemptsMaxDefault = 6;

/** The store has not answered in time. */
class NoAnswer extends Error {}

/** Returns whether the next request would wait just as long. */
export const isUnanswered = (error: unknown): boolean => error instanceof AppError && error.cause instanceof NoAnswer;

/** Unlike AbortSignal.timeout, its timer can be cleared: workerd allows 10,000 of them per request (measured). */
const abortAfter = (milliseconds: number | undefined): { signal: AbortSignal; aborted: Promise<void>; clear: () => void } => {
  const controller = new AbortController();
  const timer = milliseconds === undefined ? undefined : setTimeout(() => controller.abort(), milliseconds);
  const aborted = new Promise<void>((resolve) => controller.signal.addEventListener("abort", () => resolve(), { once: true }));
  return { signal: controller.signal, aborted, clear: () => (timer === undefined ? undefined : clearTimeout(timer)) };
};

export const createS3Client = (config: S3Config, deps: S3Deps): S3Client => {
  const { variables = "LANGFUSE_S3_BATCH_EXPORT" } = config;
  const credentials = deps.credentials ?? (() => Promise.resolve<S3Credentials>(config));

  const send = async (request: S3Request): Promise<S3Answer> => {
    const url = objectUrl(config, request.key);
    for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value);
    const attemptsMax = request.attemptsMax ?? attemptsMaxDefault;
    const total = abortAfter(deps.totalTimeoutMs);
    try {
      for (let attempts = 1; ; attempts++) {
        request.signal?.throwIfAborted();
        const outcome = await sendOnce(url, request, attempts, total.signal);
        if (outcome.ok) return outcome.answer;
        if (!outcome.retry || attempts >= attemptsMax || total.signal.aborted) throw outcome.error;
        const backoffMs = Math.min(10_000, 200 * 2 ** (attempts - 1)) * (0.5 + deps.random() / 2);
        await Promise.race([deps.wait(Math.max(backoffMs, outcome.afterMs ?? 0), request.signal), total.aborted]);
        if (total.signal.aborted) throw outcome.error;
      }
    } finally {
      total.clear();
    }
  };

  type Outcome = { ok: true; answer: S3Answer } | { ok: false; retry: boolean; error: AppError; afterMs?: number };

  /** `region` and `isRedirected` belong to a request that the store has redirected. */
  const sendOnce = async (
    url: URL,
    request: S3Request,
    attempts: number,
    total: AbortSignal,
    region = config.region,
    isRedirected = false,
  ): Promise<Outcome> => {
    const timeout = abortAfter(requestTimeoutMs);
    const signal = AbortSignal.any([total, timeout.signal, ...(request.signal === undefined ? [] : [request.signal])]);
    const headers = { ...request.headers, ...encryptionHeaders(config.encryption ?? null, request) };
    let answer: S3Answer;
    let keys: S3Credentials;
    try {
      keys = await credentials();
      if (signingKeys.size >= signingKeysMax) signingKeys.clear();
      const { method } = request;
      const signed = await new AwsV4Signer({
        ...keysOf(keys),
        service: "s3",
        region,
        url: url.href,
        method,
        headers,
        cache: signingKeys,
      }).sign();
      const response = await deps.fetch(signed.url, {
        method,
        headers: signed.headers,
        ...bodyOf(request, signed.headers),
        redirect: "manual",
        signal,
      });
      const isRead = request.isHeadOnly !== true || response.status >= 300;
      if (!isRead) await response.body?.cancel();
      answer = { status: response.status, headers: response.headers, text: isRead ? await response.text() : "", attempts };
    } catch (cause) {
      request.signal?.throwIfAborted();
      if (cause instanceof AppError) return { ok: false, retry: errorTable[cause.code].retry === "backoff", error: cause };
      const detail = cause instanceof Error ? cause.message : String(cause);
      const isLate = total.aborted || timeout.signal.aborted;
      return {
        ok: false,
        retry: true,
        error: new AppError({ code: "S3_UNAVAILABLE", detail, cause: isLate ? new NoAnswer(detail) : cause }),
      };
    } finally {
      timeout.clear();
    }
    const next = isRedirected ? undefined : redirectedTo(url, answer);
    if (next !== undefined) return sendOnce(next, request, attempts, total, answer.headers.get("x-amz-bucket-region") ?? region, true);
    // CompleteMultipartUpload answers 200 before it is done and may put an <Error> into the body.
    const failed = answer.status >= 300 || (request.isBody !== true && errorOf(answer.text) !== undefined);
    // A missing bucket never means a missing object: it would be mistaken for a deleted one.
    const isAccepted = request.accept?.includes(answer.status) === true && tag(answer.text, "Code") !== "NoSuchBucket";
    if (!failed || (answer.status >= 300 && isAccepted)) return { ok: true, answer };
    const failure = failureFrom(
      { ...answer, sent: new Set(Object.keys(headers).map((name) => name.toLowerCase())) },
      `${request.method} ${url.pathname}${url.search}`,
      { variables, secrets: [keys.accessKeyId, keys.secretAccessKey, keys.sessionToken ?? ""] },
    );
    const afterSeconds = Number(answer.headers.get("retry-after") ?? "0");
    return { ok: false, ...failure, afterMs: Number.isFinite(afterSeconds) ? Math.min(30, afterSeconds) * 1000 : 0 };
  };

  return { send, bucket: config.bucket };
};

/** The body for one attempt. A stream can be sent once; its length goes into `headers`, because stores refuse chunks of unknown length. */
const bodyOf = ({ body, isStreamed }: S3Request, headers: Headers): RequestInit & { duplex?: "half" } => {
  if (isStreamed !== true || !(body instanceof Uint8Array)) return { body: body ?? null };
  headers.set("content-length", String(body.byteLength));
  return { body: streamBytes(body), duplex: "half" };
};

const keysOf = ({ accessKeyId, secretAccessKey, sessionToken }: S3Credentials) => ({
  accessKeyId,
  secretAccessKey,
  ...(sessionToken === undefined ? {} : { sessionToken }),
});

/** Sent only where an object begins: a part inherits the encryption of its upload. */
const encryptionHeaders = (encryption: S3Encryption | null, { method, query }: S3Request): Record<string, string> => {
  const begins = (method === "PUT" && query?.["partNumber"] === undefined) || (method === "POST" && query?.["uploads"] !== undefined);
  if (encryption === null || !begins) return {};
  return {
    "x-amz-server-side-encryption": encryption.algorithm,
    ...(encryption.kmsKeyId === null ? {} : { "x-amz-server-side-encryption-aws-kms-key-id": encryption.kmsKeyId }),
  };
};

/**
 * Returns where a store redirects a request (307, 308: a bucket too new for its name). Followed once, signed again, and only within the
 * same store: same scheme and path, and a host of the same AWS partition, or the configured host or below.
 */
const redirectedTo = (from: URL, { status, headers }: S3Answer): URL | undefined => {
  const location = headers.get("location");
  if ((status !== 307 && status !== 308) || location === null || !URL.canParse(location, from)) return undefined;
  const to = new URL(location, from);
  const partition = /\.amazonaws\.com(?:\.cn)?$/.exec(from.hostname)?.[0];
  const isSameStore =
    partition !== undefined
      ? to.hostname.endsWith(partition)
      : to.hostname === from.hostname || to.hostname.endsWith(`.${from.hostname}`) || from.hostname.endsWith(`.${to.hostname}`);
  const isSameObject = to.pathname === from.pathname || from.pathname.endsWith(to.pathname) || to.pathname.endsWith(from.pathname);
  if (!isSameStore || !isSameObject || to.protocol !== from.protocol || to.username !== "") return undefined;
  to.search = from.search;
  return to;
};
