/** Settles attempts of webhooks, many at a time: jobs, deliveries, log and endpoints in one transaction. */
import { sql } from "drizzle-orm";
import { errorTable } from "../../core/errors.ts";
import {
  type AttemptError,
  type AttemptOutcome,
  downSecondsMin,
  failingDaysMax,
  failurePauseHoursMax,
} from "../../core/webhooks/schedule.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { hastenKeyedJobs } from "../../db/queue/enqueue-keyed-jobs.ts";
import { settleHeld } from "../../db/queue/settle-batch.ts";
import { disableEndpoint } from "./disable-endpoint.ts";
import { type DeliveryLine, enqueueHeads } from "./enqueue-heads.ts";

/** One request and its answer. Texts are storable. */
export type AttemptRecord = {
  startedAt: string;
  durationMs: number;
  url: string;
  requestHeaders: Record<string, string>;
  responseStatus: number | null;
  responseHeaders: Record<string, string> | null;
  responseBody: string | null;
  error: AttemptError | null;
};

type Held = { jobId: string; leaseId: string };
export type SentDelivery = Held & DeliveryLine & { deliveryId: string; isTest: boolean; attempt: AttemptRecord; result: AttemptOutcome };
export type EndedDelivery =
  | SentDelivery
  /** Nothing was to be sent: the job ends, unless its delivery waits again by now. */
  | (Held & { deliveryId: string; result: { outcome: "nothing" } })
  /** The runner stops: the job is given back, and sent again with the same id. */
  | (Held & { result: { outcome: "released" } });

/**
 * Fenced by the leases: what is no longer held writes nothing. Returns the ids of the jobs that were. Locks the endpoints in the order of
 * their ids, then jobs and deliveries.
 * A success after minutes of failures alone makes everything that waits for the endpoint due, so that a receiver that was down for hours
 * does not wait for the schedule of each delivery.
 */
export const settleDeliveries = (db: Database, ended: readonly EndedDelivery[]): Promise<string[]> =>
  transaction(db, async (tx) => {
    const urls = await lockEndpoints(tx, ended);
    const present = ended.map((one) => (isSent(one) ? ofPresentUrl(one, urls) : one));
    const heldIds = await settleJobs(tx, present, await listWaiting(tx, present));
    const held = new Set(heldIds);
    const sent = present.filter(isSent).filter(({ jobId }) => held.has(jobId));
    if (sent.length === 0) return heldIds;
    await insertAttempts(tx, sent);
    await updateDeliveries(tx, sent);
    const faults = await recordFailures(tx, sent);
    await recordSuccesses(tx, sent);
    for (const [endpointId, error] of faults) await disableEndpoint(tx, endpointId, error);
    await enqueueHeads(
      tx,
      sent.filter(({ result }) => result.outcome !== "retry").map(({ endpointId, objectId }) => ({ endpointId, objectId })),
    );
    return heldIds;
  });

const isSent = (one: EndedDelivery): one is SentDelivery => "attempt" in one;
const idsOf = (sent: readonly SentDelivery[]): string[] => [...new Set(sent.map(({ endpointId }) => endpointId))];

const deliveryIdsOf = (ended: readonly EndedDelivery[]): string[] => ended.flatMap((one) => ("deliveryId" in one ? [one.deliveryId] : []));

/** Returns their present addresses by id. */
const lockEndpoints = async (tx: Database, ended: readonly EndedDelivery[]): Promise<Map<string, string>> => {
  const rows = await execute<{ id: string; url: string }>(
    tx,
    sql`select e.id, e.url from webhook_endpoints e where e.id in (
        select d.endpoint_id from webhook_deliveries d where d.id in (select json_array_elements_text(${JSON.stringify(deliveryIdsOf(ended))}::json))
      ) order by e.id for no key update`,
  );
  return new Map(rows.map(({ id, url }) => [id, url]));
};

/** The answer of an address that was changed meanwhile switches nothing off: the event goes to the new one. */
const ofPresentUrl = (one: SentDelivery, urls: ReadonlyMap<string, string>): SentDelivery => {
  const url = urls.get(one.endpointId);
  return one.result.outcome !== "disable" || url === undefined || url === one.attempt.url
    ? one
    : { ...one, result: { outcome: "retry", delaySeconds: 0, error: one.result.error } };
};

/** Those that were not given up meanwhile, because their endpoint was switched off. The locks of the endpoints keep it so. */
const listWaiting = async (tx: Database, ended: readonly EndedDelivery[]): Promise<Set<string>> => {
  const rows = await execute<{ id: string }>(
    tx,
    sql`select d.id from webhook_deliveries d join webhook_endpoints e on e.id = d.endpoint_id
      where d.id in (select json_array_elements_text(${JSON.stringify(deliveryIdsOf(ended))}::json)) and d.state = 'waiting' and (e.enabled or d.is_test)`,
  );
  return new Set(rows.map(({ id }) => id));
};

/**
 * A job whose delivery has ended is deleted: the delivery is the record. One that found nothing to send goes on if its delivery was
 * redelivered since, because that has added no job beside it.
 */
const settleJobs = (tx: Database, ended: readonly EndedDelivery[], waiting: ReadonlySet<string>): Promise<string[]> => {
  const leases = new Map(ended.map(({ jobId, leaseId }) => [jobId, leaseId]));
  const outcome = { doneIds: [] as string[], failed: [] as RetriedJob[], released: [] as { id: string; orderingKey: null }[] };
  for (const one of ended) {
    const { jobId: id, result } = one;
    const isWaiting = "deliveryId" in one && waiting.has(one.deliveryId);
    if (result.outcome === "released" || (result.outcome === "nothing" && isWaiting)) outcome.released.push({ id, orderingKey: null });
    else if (result.outcome === "retry" && isWaiting)
      outcome.failed.push({ id, error: result.error, delaySeconds: result.delaySeconds, isFinal: false });
    else outcome.doneIds.push(id);
  }
  return settleHeld(tx, outcome, (id) => leases.get(id) ?? "");
};

type RetriedJob = { id: string; error: AttemptError; delaySeconds: number; isFinal: false };

const insertAttempts = (tx: Database, sent: readonly SentDelivery[]): Promise<unknown> =>
  execute(
    tx,
    sql`insert into webhook_attempts (delivery_id, started_at, duration_ms, url, request_headers, response_status, response_headers, response_body, error)
      select r."deliveryId", r."startedAt", r."durationMs", r.url, r."requestHeaders", r."responseStatus", r."responseHeaders", r."responseBody", r.error
      from json_to_recordset(${JSON.stringify(sent.map(({ deliveryId, attempt }) => ({ deliveryId, ...attempt })))}::json) as r("deliveryId" text, "startedAt" timestamptz,
          "durationMs" int, url text, "requestHeaders" jsonb, "responseStatus" int, "responseHeaders" jsonb, "responseBody" text, error jsonb)
        join webhook_deliveries d on d.id = r."deliveryId"`,
  );

/** What was given up meanwhile, because its endpoint was switched off, stays so unless it was delivered after all. */
const updateDeliveries = (tx: Database, sent: readonly SentDelivery[]): Promise<unknown> => {
  const rows = sent.map(({ deliveryId, attempt, result }) => ({
    id: deliveryId,
    status: attempt.responseStatus,
    state: result.outcome === "delivered" ? "delivered" : result.outcome === "retry" ? "waiting" : "failed",
    error: "error" in result ? result.error : null,
  }));
  return execute(
    tx,
    sql`update webhook_deliveries d set attempts = d.attempts + 1, response_status = r.status,
        state = case when r.state = 'delivered' or d.state = 'waiting' then r.state else d.state end,
        last_error = case when r.state = 'delivered' or d.state = 'waiting' then r.error else d.last_error end,
        finished_at = case when r.state <> 'waiting' or d.state <> 'waiting' then now() end
      from json_to_recordset(${JSON.stringify(rows)}::json) as r(id text, status int, state text, error jsonb) where d.id = r.id`,
  );
};

/** Counts failures, but not those of tests nor faults of ours. Returns the endpoints to switch off, each with its fault. */
const recordFailures = async (tx: Database, sent: readonly SentDelivery[]): Promise<Map<string, AttemptError>> => {
  const faults = new Map<string, AttemptError>();
  const counted = new Map<string, { id: string; failures: number; error: AttemptError }>();
  for (const { endpointId, isTest, result } of sent) {
    if (isTest || !("error" in result) || errorTable[result.error.code].fault === "us") continue;
    if (result.outcome === "disable") faults.set(endpointId, result.error);
    counted.set(endpointId, { id: endpointId, failures: (counted.get(endpointId)?.failures ?? 0) + 1, error: result.error });
  }
  if (counted.size === 0) return faults;
  // Failures after a long silence begin anew: one that is days old says nothing of the time between.
  const isAnew = sql`(e.last_failure_at is null or e.last_failure_at < now() - make_interval(hours => ${failurePauseHoursMax}))`;
  const failing = await execute<{ id: string; isTooLong: boolean }>(
    tx,
    sql`update webhook_endpoints e set failures = case when ${isAnew} then r.failures else e.failures + r.failures end,
        failing_since = case when ${isAnew} then now() else coalesce(e.failing_since, now()) end, last_failure_at = now(),
        last_error = r.error || jsonb_build_object('at', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
      from json_to_recordset(${JSON.stringify([...counted.values()])}::json) as r(id text, failures int, error jsonb) where e.id = r.id
      returning e.id, e.failing_since <= now() - make_interval(days => ${failingDaysMax}) as "isTooLong"`,
  );
  const succeeded = new Set(idsOf(sent.filter(({ result }) => result.outcome === "delivered")));
  for (const { id, isTooLong } of failing)
    if (isTooLong && !faults.has(id) && !succeeded.has(id))
      faults.set(id, { code: "WEBHOOK_FAILING", message: `Every attempt has failed for ${failingDaysMax} days.` });
  return faults;
};

/** Ends a series of failures. Endpoints that were well are not written. Those that were down get what waits for them at once. */
const recordSuccesses = async (tx: Database, sent: readonly SentDelivery[]): Promise<void> => {
  const ids = idsOf(sent.filter(({ result }) => result.outcome === "delivered"));
  if (ids.length === 0) return;
  const recovered = await execute<{ id: string; wasDown: boolean }>(
    tx,
    sql`update webhook_endpoints e set failures = 0, failing_since = null, last_failure_at = null
      from (select id, failing_since <= now() - make_interval(secs => ${downSecondsMin}) as "wasDown" from webhook_endpoints
        where id in (select json_array_elements_text(${JSON.stringify(ids)}::json)) and failing_since is not null) before
      where e.id = before.id returning e.id, before."wasDown"`,
  );
  for (const { id, wasDown } of recovered) if (wasDown) await hastenKeyedJobs(tx, "webhook.deliver", id);
};
