/**
 * webhook.deliver: sends one event to one endpoint. Runs at least once: a runner that dies between the answer and the commit sends it again,
 * with the same `webhook-id`.
 */
import { createBoundedCache } from "../../core/bounded-cache.ts";
import type { Keyring } from "../../core/integrations/sealed-secret.ts";
import { jobKinds } from "../../core/jobs/kinds.ts";
import { jobState } from "../../core/jobs/state.ts";
import { attemptOutcome } from "../../core/webhooks/schedule.ts";
import { openSigner, type Sign, signedHeaders } from "../../core/webhooks/signing-key.ts";
import type { Database } from "../../db/postgres/client.ts";
import { failureOf } from "../../db/postgres/failure.ts";
import type { KeyedJob } from "../../db/queue/claim-keyed-jobs.ts";
import { keyringOf } from "../../services/keyring-of.ts";
import { type DeliveryToSend, loadDeliveries } from "../../services/webhooks/load-deliveries.ts";
import { type EndedDelivery, type SentDelivery, settleDeliveries } from "../../services/webhooks/settle-deliveries.ts";
import type { Bus } from "../bus.ts";
import type { Clock, Log, PooledHandler, PooledResult } from "../deps.ts";
import type { GuardedFetch } from "../egress/guarded-fetch.ts";
import { sendWebhook } from "../webhooks/send-webhook.ts";

export type WebhookHandlerDeps = {
  db: Database;
  clock: Clock;
  log: Log;
  emit: Bus["emit"];
  random: () => number;
  customerFetch: GuardedFetch;
  /** Null without ENCRYPTION_KEY. */
  keyring: Keyring | null;
  webhooks: { timeoutMs: number };
};

type Ending<E> = E extends EndedDelivery ? Omit<E, "jobId" | "leaseId"> : never;
type WebhookResult = PooledResult & { ending: Ending<EndedDelivery> };

const signersKept = 1000;

export const createWebhookHandler = (deps: WebhookHandlerDeps): PooledHandler<WebhookResult> => {
  const openSigners = createSigners(deps);
  return {
    open: async (jobs) => {
      const idOf = ({ payload }: KeyedJob) => jobKinds["webhook.deliver"].payload.parse(payload).deliveryId;
      const loaded = await loadDeliveries(deps.db, jobs.map(idOf));
      const deliveries = new Map(loaded.map((delivery) => [delivery.id, delivery]));
      return async (job, signal) => {
        const deliveryId = idOf(job);
        const delivery = deliveries.get(deliveryId);
        if (delivery === undefined)
          return { means: null, state: jobState.completed, code: null, ending: { deliveryId, result: { outcome: "nothing" } } };
        const sent = await send(deps, openSigners, { delivery, signal });
        if (sent === undefined) return { means: null, state: jobState.available, code: null, ending: { result: { outcome: "released" } } };
        return resultOf(deps, { job, delivery, sent });
      };
    },
    settle: (ended) =>
      settleDeliveries(
        deps.db,
        ended.map(({ job, leaseId, result }) => ({ jobId: job.id, leaseId, ...result.ending })),
      ),
  };
};

type OpenSigners = (delivery: DeliveryToSend) => Promise<Sign[]>;

/** Undefined if the signal fired: the runner stops, or the lease is lost. A secret that cannot be opened counts as a failed attempt. */
const send = async (
  deps: WebhookHandlerDeps,
  openSigners: OpenSigners,
  { delivery, signal }: { delivery: DeliveryToSend; signal: AbortSignal },
): Promise<Sent | undefined> => {
  const { isTest, body, url, eventId } = delivery;
  const nowMs = deps.clock.nowMs();
  const common = {
    "content-type": "application/json",
    "user-agent": "Spillway-Webhooks/1.0",
    ...(isTest ? { "webhook-test": "true" } : {}),
  };
  try {
    const signed = { id: eventId, timestampSeconds: Math.floor(nowMs / 1000), body };
    const headers = { ...common, ...(await signedHeaders(signed, await openSigners(delivery))) };
    const sending = { fetch: deps.customerFetch, clock: deps.clock, timeoutMs: deps.webhooks.timeoutMs };
    return await sendWebhook(sending, { url, headers, body }, signal);
  } catch (thrown) {
    if (signal.aborted) return undefined;
    const { code, message } = failureOf(thrown);
    const answered = { responseStatus: null, responseHeaders: null, responseBody: null, error: { code, message } };
    const record = { startedAt: new Date(nowMs).toISOString(), durationMs: 0, url, requestHeaders: common, ...answered };
    return { answer: { error: { code, message } }, record };
  }
};

type Sent = Awaited<ReturnType<typeof sendWebhook>>;

const resultOf = (
  deps: WebhookHandlerDeps,
  { job, delivery, sent: { answer, record } }: { job: KeyedJob; delivery: DeliveryToSend; sent: Sent },
): WebhookResult => {
  const { id: deliveryId, endpointId, objectId, isTest } = delivery;
  const result = attemptOutcome(answer, { attempt: job.attempt, isTest, random: deps.random() });
  const error = "error" in result ? result.error : null;
  const ending: Omit<SentDelivery, "jobId" | "leaseId"> = {
    ...{ deliveryId, endpointId, objectId, isTest, result },
    attempt: { ...record, error },
  };
  deps.emit("webhook.attempted", { outcome: result.outcome, code: error?.code ?? null, seconds: record.durationMs / 1000 });
  if (error !== null)
    deps.log("warn", "webhook_attempt_failed", {
      ...{ job_id: job.id, endpoint_id: endpointId, delivery_id: deliveryId, attempt: job.attempt, outcome: result.outcome },
      ...{ error_code: error.code, error: error.message },
    });
  return {
    means: error === null ? "success" : "failure",
    state: result.outcome === "retry" ? jobState.retryable : jobState.completed,
    code: error?.code ?? null,
    ending,
  };
};

/** Opens each secret once: a sealed text never changes its meaning, and the keys are those of the process. */
const createSigners = ({ keyring }: Pick<WebhookHandlerDeps, "keyring">): OpenSigners => {
  const cache = createBoundedCache<string, Promise<Sign>>({ weightMax: signersKept });
  const open = (endpointId: string, sealed: string): Promise<Sign> =>
    cache.get(`${endpointId} ${sealed}`, async () => openSigner(await keyringOf({ keyring }).open(endpointId, sealed)));
  return ({ endpointId, sealedSecret, sealedPreviousSecret }) =>
    Promise.all([sealedSecret, ...(sealedPreviousSecret === null ? [] : [sealedPreviousSecret])].map((sealed) => open(endpointId, sealed)));
};
