/**
 * Signed requests to an S3-compatible store, each sent with our own retries.
 * aws4fetch only signs: its own fetch neither retries a lost connection nor can resend (measured). Memory: the body it is given.
 */
import { AwsClient } from "aws4fetch";
import { AppError, type ErrorCode } from "../../core/errors.ts";
import { objectUrl } from "../../core/s3/object-url.ts";

export type S3Config = {
  endpoint: string | null;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
  forcePathStyle: boolean;
};

export type S3Deps = {
  fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** Milliseconds to wait before the next try; throws when the signal fires. */
  wait: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
  random: () => number;
  /** What one request may take with all its tries; without it each try has two minutes. */
  totalTimeoutMs?: number;
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

const codes: Record<string, ErrorCode> = {
  NoSuchBucket: "S3_BUCKET_NOT_FOUND",
  InvalidBucketName: "S3_BUCKET_NOT_FOUND",
  InvalidAccessKeyId: "S3_ACCESS_DENIED",
  SignatureDoesNotMatch: "S3_ACCESS_DENIED",
  AccessDenied: "S3_ACCESS_DENIED",
  AllAccessDisabled: "S3_ACCESS_DENIED",
  AccountProblem: "S3_ACCESS_DENIED",
  AuthorizationHeaderMalformed: "S3_ACCESS_DENIED",
  ExpiredToken: "S3_ACCESS_DENIED",
  RequestTimeTooSkewed: "S3_CLOCK_SKEW",
};

/** 4xx answers that another try can mend: an idle connection, a damaged body, a passing conflict, throttling. */
const retryableCodes = new Set([
  "RequestTimeout",
  "BadDigest",
  "XAmzContentChecksumMismatch",
  "OperationAborted",
  "SlowDown",
  "Throttling",
  "InternalError",
  "ServiceUnavailable",
]);

/** The store has not answered in time. */
class NoAnswer extends Error {}

/** Whether whoever asks next would wait as long. */
export const isUnanswered = (error: unknown): boolean => error instanceof AppError && error.cause instanceof NoAnswer;

/** Unlike that of AbortSignal.timeout, its timer can be ended: workerd allows 10,000 of them in a request (measured). */
const abortAfter = (milliseconds: number | undefined): { signal: AbortSignal; aborted: Promise<void>; clear: () => void } => {
  const controller = new AbortController();
  const timer = milliseconds === undefined ? undefined : setTimeout(() => controller.abort(), milliseconds);
  const aborted = new Promise<void>((resolve) => controller.signal.addEventListener("abort", () => resolve(), { once: true }));
  return { signal: controller.signal, aborted, clear: () => clearTimeout(timer) };
};

export const createS3Client = (config: S3Config, deps: S3Deps): S3Client => {
  const aws = new AwsClient({
    accessKeyId: config.accessKeyId,
    secretAccessKey: config.secretAccessKey,
    service: "s3",
    region: config.region,
  });

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

  const sendOnce = async (url: URL, request: S3Request, tries: number, total: AbortSignal): Promise<Outcome> => {
    const timeout = abortAfter(requestTimeoutMs);
    const signal = AbortSignal.any([total, timeout.signal, ...(request.signal === undefined ? [] : [request.signal])]);
    let answer: S3Answer;
    try {
      const signed = await aws.sign(url, { method: request.method, headers: request.headers ?? {} });
      const response = await deps.fetch(signed.url, {
        method: request.method,
        headers: signed.headers,
        body: request.body ?? null,
        redirect: "manual",
        signal,
      });
      answer = { status: response.status, headers: response.headers, text: await response.text(), tries };
    } catch (cause) {
      request.signal?.throwIfAborted();
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
    // CompleteMultipartUpload answers 200 before it is done and may put an <Error> into the body.
    const failed = answer.status >= 300 || (request.isBody !== true && answer.text.includes("<Error>"));
    // That there is no bucket never means that there is no object: it would be taken for one that was deleted.
    const isAccepted = request.accept?.includes(answer.status) === true && tag(answer.text, "Code") !== "NoSuchBucket";
    if (!failed || (answer.status >= 300 && isAccepted)) return { ok: true, answer };
    return failure(answer, `${request.method} ${url.pathname}${url.search}`);
  };

  return { send, bucket: config.bucket };
};

const failure = (answer: S3Answer, asked: string): { ok: false; retry: boolean; error: AppError; afterMs?: number } => {
  const s3Code = tag(answer.text, "Code") ?? "";
  const named = codes[s3Code];
  const retry =
    named === undefined &&
    (retryableCodes.has(s3Code) || answer.status >= 500 || answer.status === 408 || answer.status === 429 || answer.status < 300);
  const code = named ?? (retry ? "S3_UNAVAILABLE" : answer.status === 401 || answer.status === 403 ? "S3_ACCESS_DENIED" : "S3_REJECTED");
  const error = new AppError({
    code,
    message: `The object store answered ${answer.status}${s3Code === "" ? "" : ` ${s3Code}`}.`,
    detail: `${asked}: ${answer.text.slice(0, 1000)}`,
  });
  const afterSeconds = Number(answer.headers.get("retry-after") ?? "0");
  return { ok: false, retry, error, afterMs: Number.isFinite(afterSeconds) ? Math.min(30, afterSeconds) * 1000 : 0 };
};

/** Text of the first element of this name; S3's answers are flat enough for that. */
export const tag = (xml: string, name: string): string | undefined => {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return found
    ?.replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&#x2F;", "/")
    .replaceAll("&amp;", "&");
};
