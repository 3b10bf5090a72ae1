/**
 * Signed requests to an S3-compatible store, each sent with our own retries.
 * aws4fetch only signs: its own fetch neither retries a lost connection nor can resend (measured). Memory: the body it is given.
 */
import { AwsClient } from "aws4fetch";
import { AppError } from "../../core/errors.ts";
import { objectUrl } from "../../core/s3/object-url.ts";
import type { S3Config, S3Credentials, S3Encryption } from "../../core/s3/s3-config.ts";
import { errorOf, failureFrom } from "./store-failure.ts";
import { tag } from "./xml.ts";

export type S3Deps = {
  fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** Milliseconds to wait before the next try; throws when the signal fires. */
  wait: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
  random: () => number;
  /** What one request may take with all its tries; without it each try has two minutes. */
  totalTimeoutMs?: number;
  /** Credentials that change with time, instead of those of the configuration; asked for before every request. */
  credentials?: (() => Promise<S3Credentials>) | undefined;
};

export type S3Request = {
  method: "GET" | "PUT" | "POST" | "DELETE" | "HEAD";
  key: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: Uint8Array<ArrayBuffer> | string;
  signal?: AbortSignal | undefined;
  /** Statuses that are an answer, not a failure, such as 404 to a HEAD. */
  accept?: readonly number[];
  triesMax?: number;
  /** The answer is an object, whose text says nothing about the request. */
  isBody?: boolean;
  /** Of a successful answer only the head is wanted; its body is not read. */
  isHeadOnly?: boolean;
};

export type S3Answer = {
  status: number;
  headers: Headers;
  text: string;
  /** How often it was asked for, from 1: those before the last may have been obeyed all the same. */
  tries: number;
};
export type S3Client = { send: (request: S3Request) => Promise<S3Answer>; bucket: string };

/** One request may take this long, with 16 MiB on a slow line in mind. */
const requestTimeoutMs = 120_000;
const triesMaxDefault = 6;

/** The store has not answered in time. */
class NoAnswer extends Error {}

/** Whether whoever asks next would wait as long. */
export const isUnanswered = (error: unknown): boolean => error instanceof AppError && error.cause instanceof NoAnswer;

/** Unlike that of AbortSignal.timeout, its timer can be ended: workerd allows 10,000 of them in a request (measured). */
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
    const triesMax = request.triesMax ?? triesMaxDefault;
    const total = abortAfter(deps.totalTimeoutMs);
    try {
      for (let tries = 1; ; tries++) {
        request.signal?.throwIfAborted();
        const outcome = await sendOnce(url, request, tries, total.signal);
        if (outcome.ok) return outcome.answer;
        if (!outcome.retry || tries >= triesMax || total.signal.aborted) throw outcome.error;
        const backoffMs = Math.min(10_000, 200 * 2 ** (tries - 1)) * (0.5 + deps.random() / 2);
        await Promise.race([deps.wait(Math.max(backoffMs, outcome.afterMs ?? 0), request.signal), total.aborted]);
        if (total.signal.aborted) throw outcome.error;
      }
    } finally {
      total.clear();
    }
  };

  type Outcome = { ok: true; answer: S3Answer } | { ok: false; retry: boolean; error: AppError; afterMs?: number };

  /** `region` and `isRedirected` are of a request that the store has sent on. */
  const sendOnce = async (
    url: URL,
    request: S3Request,
    tries: number,
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
      const aws = new AwsClient({ ...keysOf(keys), service: "s3", region });
      const signed = await aws.sign(url, { method: request.method, headers });
      const response = await deps.fetch(signed.url, {
        method: request.method,
        headers: signed.headers,
        body: request.body ?? null,
        redirect: "manual",
        signal,
      });
      const isRead = request.isHeadOnly !== true || response.status >= 300;
      if (!isRead) await response.body?.cancel();
      answer = { status: response.status, headers: response.headers, text: isRead ? await response.text() : "", tries };
    } catch (cause) {
      request.signal?.throwIfAborted();
      if (cause instanceof AppError) return { ok: false, retry: cause.code === "S3_UNAVAILABLE", error: cause };
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
    if (next !== undefined) return sendOnce(next, request, tries, total, answer.headers.get("x-amz-bucket-region") ?? region, true);
    // CompleteMultipartUpload answers 200 before it is done and may put an <Error> into the body.
    const failed = answer.status >= 300 || (request.isBody !== true && errorOf(answer.text) !== undefined);
    // That there is no bucket never means that there is no object: it would be taken for one that was deleted.
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

const keysOf = ({ accessKeyId, secretAccessKey, sessionToken }: S3Credentials) => ({
  accessKeyId,
  secretAccessKey,
  ...(sessionToken === undefined ? {} : { sessionToken }),
});

/** Said where an object begins: a part takes over what its upload was begun with. */
const encryptionHeaders = (encryption: S3Encryption | null, { method, query }: S3Request): Record<string, string> => {
  const begins = (method === "PUT" && query?.["partNumber"] === undefined) || (method === "POST" && query?.["uploads"] !== undefined);
  if (encryption === null || !begins) return {};
  return {
    "x-amz-server-side-encryption": encryption.algorithm,
    ...(encryption.kmsKeyId === null ? {} : { "x-amz-server-side-encryption-aws-kms-key-id": encryption.kmsKeyId }),
  };
};

/**
 * Where a store sends a request on (307, 308: a bucket so new that its name leads elsewhere still). Followed once, signed anew, and only within the same store: same scheme,
 * same path, and a host of the same AWS partition, or one that is the configured host or below it.
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
