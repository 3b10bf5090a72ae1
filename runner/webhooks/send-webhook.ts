/** Sends one webhook request and takes the beginning of its answer. Holds at most the body and 20 kB of the answer. */
import { storableForm } from "../../core/storable.ts";
import type { Answer } from "../../core/webhooks/schedule.ts";
import { failureOf } from "../../db/postgres/failure.ts";
import type { AttemptRecord } from "../../services/webhooks/settle-deliveries.ts";
import type { Clock } from "../deps.ts";
import type { GuardedFetch } from "../egress/guarded-fetch.ts";
import { retryAfterSeconds } from "../retry-after.ts";

type SendDeps = { fetch: GuardedFetch; clock: Clock; timeoutMs: number };
type WebhookRequest = { url: string; headers: Record<string, string>; body: string };

/** What is kept of an answer. */
const bodyBytesKept = 20_000;
const headersKept = 50;
const headerCharactersKept = 500;

/**
 * One POST; redirects are not followed. The status decides, whatever becomes of the answer's body. Never rejects, except with the signal's
 * reason. The record holds no signature.
 */
export const sendWebhook = async (
  { fetch, clock, timeoutMs }: SendDeps,
  { url, headers, body }: WebhookRequest,
  signal: AbortSignal,
): Promise<{ answer: Answer; record: AttemptRecord }> => {
  signal.throwIfAborted();
  const startedMs = clock.nowMs();
  const startedSteadyMs = clock.steadyMs();
  const record = (): Omit<AttemptRecord, "responseStatus" | "responseHeaders" | "responseBody" | "error"> => ({
    startedAt: new Date(startedMs).toISOString(),
    durationMs: Math.round(clock.steadyMs() - startedSteadyMs),
    url,
    requestHeaders: { ...headers, "webhook-signature": schemesOf(headers["webhook-signature"] ?? "") },
  });
  const limit = new AbortController();
  const timer = clock.startTimer(timeoutMs, () => limit.abort());
  try {
    const response = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.any([signal, limit.signal]) });
    const text = await readStart(response);
    signal.throwIfAborted();
    const { status } = response;
    const answer = { status, retryAfterSeconds: retryAfterSeconds(response.headers, startedMs) };
    return {
      answer,
      record: { ...record(), responseStatus: status, responseHeaders: keptHeaders(response.headers), responseBody: text, error: null },
    };
  } catch (thrown) {
    signal.throwIfAborted();
    const { code, message } = failureOf(thrown);
    const error = limit.signal.aborted
      ? ({ code: "WEBHOOK_TIMED_OUT", message: `The endpoint did not answer within ${timeoutMs / 1000} s.` } as const)
      : { code, message };
    return { answer: { error }, record: { ...record(), responseStatus: null, responseHeaders: null, responseBody: null, error } };
  } finally {
    timer.stop();
  }
};

/** `v1 v1a`: a signature could be sent again by whoever reads the log. */
const schemesOf = (signatures: string): string =>
  signatures
    .split(" ")
    .map((signature) => signature.split(",")[0])
    .join(" ");

/** A body that fails or never ends gives what has arrived until then. */
const readStart = async ({ body }: Response): Promise<string> => {
  if (body === null) return "";
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    while (bytes < bodyBytesKept) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value.subarray(0, bodyBytesKept - bytes));
      bytes += value.length;
    }
  } catch {
    // The status has arrived, and it decides.
  }
  await reader.cancel().catch(() => {});
  return storableForm(new TextDecoder().decode(Buffer.concat(parts)));
};

/** Cookies are left out: they are the receiver's secrets. */
const keptHeaders = (headers: Headers): Record<string, string> =>
  Object.fromEntries(
    [...headers]
      .filter(([name]) => name !== "set-cookie")
      .slice(0, headersKept)
      .map(([name, value]) => [name, storableForm(value.slice(0, headerCharactersKept))]),
  );
