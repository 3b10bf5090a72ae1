/** Webhooks from the event to the receiver: once, in order, through outages and crashes, and what switches an endpoint off. */
import { sql } from "drizzle-orm";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { strictEgressPolicy } from "../../core/egress/egress-policy.ts";
import { parseRange } from "../../core/egress/ip-address.ts";
import { AppError } from "../../core/errors.ts";
import { CreateWebhookEndpoint } from "../../core/webhooks/endpoint.ts";
import { attemptDelaysSeconds } from "../../core/webhooks/schedule.ts";
import { type Database, execute, type OpenDatabase } from "../../db/postgres/client.ts";
import { claimKeyedJobs } from "../../db/queue/claim-keyed-jobs.ts";
import { systemClock } from "../../runner/clock.ts";
import { createGuardedFetch } from "../../runner/egress/guarded-fetch.ts";
import { createWebhookHandler } from "../../runner/jobs/webhook-deliver.ts";
import type { Actor } from "../../services/audit/write-audit.ts";
import { rescueExport } from "../../services/exports/rescue-export.ts";
import { createEndpoint } from "../../services/webhooks/create-endpoint.ts";
import { deleteEndpoint } from "../../services/webhooks/delete-endpoint.ts";
import { findDelivery, listDeliveries } from "../../services/webhooks/list-deliveries.ts";
import { pruneDeliveries } from "../../services/webhooks/prune-deliveries.ts";
import { redeliver } from "../../services/webhooks/redeliver.ts";
import { rotateEndpointSecret } from "../../services/webhooks/rotate-endpoint-secret.ts";
import { sendTest } from "../../services/webhooks/send-test.ts";
import { updateEndpoint } from "../../services/webhooks/update-endpoint.ts";
import { startListener } from "../support/counting-server.ts";
import { insertActor, insertExport, newId } from "../support/export-rows.ts";
import { hostileUrls } from "../support/hostile-urls.ts";
import { openOwnDatabase } from "../support/postgres-database.ts";
import {
  completeExport,
  endpointDeps,
  insertEndpoint,
  passSeconds,
  type Receiver,
  secondsToNext,
  startReceiver,
  webhookKeyring,
  webhookWorker,
} from "../support/webhooks.ts";

let open: OpenDatabase & { url: string };
let db: Database;
let actor: Actor;
let receiver: Receiver;
beforeAll(async () => {
  open = await openOwnDatabase(8);
  db = open.db;
  receiver = await startReceiver();
});
afterAll(async () => {
  receiver.stop();
  await open.close();
});
beforeEach(async () => {
  await execute(db, sql`truncate jobs, outbox, webhook_endpoints, webhook_deliveries cascade`);
  receiver.requests.length = 0;
  actor = await insertActor(db);
});

let paths = 0;
const newPath = () => `/hook-${++paths}`;
const requestsTo = (path: string) => receiver.requests.filter((one) => one.path === path);
const idOf = ({ headers }: { headers: Record<string, unknown> }) => String(headers["webhook-id"]);
const typeOf = ({ body }: { body: string }) => (JSON.parse(body) as { type: string }).type;
const objectOf = ({ body }: { body: string }) => (JSON.parse(body) as { data: { batchExportId: string } }).data.batchExportId;
const deliveries = (endpointId: string) => listDeliveries(db, endpointId, { limit: 100, after: null });
const stateOf = async (id: string) => {
  const [row] = await execute<{ enabled: boolean; code: string | null; failures: number }>(
    db,
    sql`select enabled, disabled_code as code, failures from webhook_endpoints where id = ${id}`,
  );
  return row;
};
const headersOf = (received: { headers: Record<string, unknown> }) =>
  Object.fromEntries(Object.entries(received.headers).map(([name, value]) => [name, String(value)]));
const threeTypes = ["export.queued", "export.started", "export.completed"];

describe("an event", () => {
  it("is sent to every endpoint that wants it, signed, once by id, in the order of its export", async () => {
    const [all, some] = [newPath(), newPath()];
    const worker = webhookWorker(db);
    const { secret } = await insertEndpoint(db, actor, { url: receiver.url(all) });
    await insertEndpoint(db, actor, { url: receiver.url(some), eventTypes: ["export.completed"] });
    const foreign = await insertEndpoint(db, await insertActor(db), { url: receiver.url(newPath()) });
    const exportId = await completeExport(db, actor);
    await worker.consume();
    await worker.deliver();
    expect(requestsTo(all).map(typeOf)).toEqual(threeTypes);
    expect(new Set(requestsTo(all).map(idOf)).size).toBe(3);
    expect(requestsTo(some).map(typeOf)).toEqual(["export.completed"]);
    expect(await deliveries(foreign.endpoint.id)).toEqual([]);
    for (const received of requestsTo(all)) new Webhook(secret).verify(received.body, headersOf(received));
    const completed = JSON.parse(requestsTo(some)[0]?.body ?? "") as { data: object };
    expect(completed.data).toMatchObject({
      batchExportId: exportId,
      manifest: { exportId },
      url: `https://spillway.example/api/public/batch-exports/${exportId}`,
    });
  });

  it("of before an endpoint was created is not sent to it, however late it is consumed", async () => {
    const path = newPath();
    const worker = webhookWorker(db);
    await completeExport(db, actor);
    const { endpoint } = await insertEndpoint(db, actor, { url: receiver.url(path) });
    // Times have milliseconds, and what happens in one of them may be told.
    await execute(db, sql`update webhook_endpoints set created_at = created_at + interval '1 millisecond' where id = ${endpoint.id}`);
    while ((await execute(db, sql`select 1 from webhook_endpoints where created_at > now()`)).length > 0);
    const later = await completeExport(db, actor);
    await worker.consume();
    await worker.deliver();
    expect(requestsTo(path).map(objectOf)).toEqual([later, later, later]);
  });

  it("that is consumed twice is sent once", async () => {
    const path = newPath();
    const worker = webhookWorker(db);
    const { endpoint } = await insertEndpoint(db, actor, { url: receiver.url(path) });
    await completeExport(db, actor);
    await worker.consume();
    await execute(
      db,
      sql`insert into outbox_deliveries (consumer, position, object_id) select 'webhooks', position, object_id from outbox where type like 'export.%'`,
    );
    await worker.consume();
    await worker.deliver();
    expect(requestsTo(path)).toHaveLength(3);
    expect((await deliveries(endpoint.id)).map(({ state }) => state)).toEqual(["delivered", "delivered", "delivered"]);
  });

  it("verifies with the former and the new secret during a rotation, and with the new one alone afterwards", async () => {
    const path = newPath();
    const worker = webhookWorker(db);
    const { endpoint, secret: former } = await insertEndpoint(db, actor, { url: receiver.url(path), eventTypes: ["export.queued"] });
    const rotated = await rotateEndpointSecret(db, actor, endpointDeps, { id: endpoint.id, overlapHours: 24 });
    const sendOne = async () => {
      await insertExport(db, actor);
      await worker.consume();
      await worker.deliver();
      const last = requestsTo(path).at(-1);
      return (secret: string) => new Webhook(secret).verify(last?.body ?? "", headersOf(last ?? { headers: {} }));
    };
    const during = await sendOne();
    expect([typeof during(former), typeof during(rotated?.secret ?? "")]).toEqual(["object", "object"]);
    await execute(db, sql`update webhook_endpoints set previous_secret_until = now()`);
    const after = await sendOne();
    expect(typeof after(rotated?.secret ?? "")).toBe("object");
    expect(() => after(former)).toThrow("No matching signature");
    await pruneDeliveries(db, { keepDays: 30 });
    expect(await execute(db, sql`select 1 from webhook_endpoints where sealed_previous_secret is not null`)).toEqual([]);
  });
});

describe("a receiver that is down", () => {
  it("for six hours gets every event once by id, and those of one export in order; attempts follow the schedule", async () => {
    const path = newPath();
    const worker = webhookWorker(db);
    const { endpoint } = await insertEndpoint(db, actor, { url: receiver.url(path) });
    let passedSeconds = 0;
    let firstAttempts = 0;
    let firstId = "";
    receiver.answer(path, (received) => {
      firstId ||= idOf(received);
      if (idOf(received) === firstId) firstAttempts++;
      return passedSeconds < 6 * 3600 ? 503 : 204;
    });
    const exports = [await completeExport(db, actor), await completeExport(db, actor)];
    /** Seconds from each failure of the first event to its next attempt, as Postgres was told them. */
    const pauses = new Map<number, number>();
    const work = async () => {
      await worker.consume();
      await worker.deliver();
      const [row] = await execute<{ pause: number; attempts: number }>(
        db,
        sql`select extract(epoch from j.run_at - (j.last_error ->> 'at')::timestamptz)::float8 as pause, j.attempt as attempts
          from jobs j join webhook_deliveries d on d.id = j.payload ->> 'deliveryId' where d.event_id = ${firstId} and j.state = 'retryable'`,
      );
      if (row !== undefined && !pauses.has(row.attempts)) pauses.set(row.attempts, Math.round(row.pause));
    };
    await work();
    for (let seconds = await secondsToNext(db); seconds !== null; seconds = await secondsToNext(db)) {
      // An export that begins in the middle of the outage.
      if (passedSeconds > 3600 && exports.length === 2) exports.push(await completeExport(db, actor));
      await passSeconds(db, Math.max(0, seconds) + 0.01);
      passedSeconds += Math.max(0, seconds);
      await work();
    }
    const accepted = requestsTo(path).filter(({ status }) => status === 204);
    expect(accepted).toHaveLength(9);
    expect(new Set(accepted.map(idOf)).size).toBe(9);
    for (const exportId of exports) {
      const own = requestsTo(path).filter((one) => objectOf(one) === exportId);
      expect(own.filter(({ status }) => status === 204).map(typeOf)).toEqual(threeTypes);
      // No event was even tried before the one before it had arrived.
      const firstTried = threeTypes.map((type) => own.findIndex((one) => typeOf(one) === type));
      const arrived = threeTypes.map((type) => own.findIndex((one) => typeOf(one) === type && one.status === 204));
      expect([firstTried[1], firstTried[2]]).toEqual([(arrived[0] ?? 0) + 1, (arrived[1] ?? 0) + 1]);
    }
    expect(firstAttempts).toBeGreaterThanOrEqual(6);
    expect([...pauses]).toEqual([...pauses.keys()].map((attempt) => [attempt, attemptDelaysSeconds[attempt]]));
    // All but perhaps the first, which is over after five seconds.
    expect(pauses.size).toBeGreaterThanOrEqual(firstAttempts - 2);
    expect(await stateOf(endpoint.id)).toEqual({ enabled: true, code: null, failures: 0 });
  });

  it("and comes back gets what waits at once, not hours later by the schedule of each delivery", async () => {
    const path = newPath();
    const worker = webhookWorker(db);
    receiver.answer(path, 500);
    await insertEndpoint(db, actor, { url: receiver.url(path), eventTypes: ["export.queued"] });
    for (let i = 0; i < 5; i++) await insertExport(db, actor);
    await worker.consume();
    for (let i = 0; i < 5; i++) {
      await worker.deliver();
      await passSeconds(db, 3600);
    }
    receiver.answer(path, 204);
    await execute(db, sql`update jobs set run_at = now() + interval '5 hours' where kind = 'webhook.deliver'`);
    await insertExport(db, actor);
    await worker.consume();
    await worker.deliver();
    expect(requestsTo(path).filter(({ status }) => status === 204)).toHaveLength(6);
  });

  it("for one event alone gets that by its schedule, and not again with everything else that it takes", async () => {
    const path = newPath();
    const worker = webhookWorker(db);
    const { endpoint } = await insertEndpoint(db, actor, { url: receiver.url(path), eventTypes: ["export.queued"] });
    const { exportId: refused } = await insertExport(db, actor);
    receiver.answer(path, (received, response) => {
      if (objectOf(received) !== refused) return 204;
      response.setHeader("retry-after", "3600");
      return 429;
    });
    for (let i = 0; i < 12; i++) {
      await worker.consume();
      await worker.deliver();
      await insertExport(db, actor);
    }
    await worker.consume();
    await worker.deliver();
    expect(requestsTo(path).filter((one) => objectOf(one) === refused)).toHaveLength(1);
    expect((await deliveries(endpoint.id)).map(({ state }) => state).toSorted()).toEqual([
      ...Array.from({ length: 12 }, () => "delivered"),
      "waiting",
    ]);
    // The schedule by itself would be over after five seconds, and no machine needs more than half an hour for the rest.
    expect(await secondsToNext(db)).toBeGreaterThan(1800);
  });

  it("has each attempt sent with the same id and body, and the time of the attempt", async () => {
    const path = newPath();
    receiver.answer(path, 500);
    const { secret } = await insertEndpoint(db, actor, { url: receiver.url(path), eventTypes: ["export.queued"] });
    await insertExport(db, actor);
    const nowMs = Date.now();
    const ago = [20_000, 10_000, 0] as const;
    await webhookWorker(db, { clock: { ...systemClock, nowMs: () => nowMs - ago[0] } }).consume();
    for (const agoMs of ago) {
      await webhookWorker(db, { clock: { ...systemClock, nowMs: () => nowMs - agoMs } }).deliver();
      await passSeconds(db, 3600);
    }
    const sent = requestsTo(path);
    expect(new Set(sent.map((one) => `${idOf(one)} ${one.body}`)).size).toBe(1);
    const seconds = (ms: number) => String(Math.floor(ms / 1000));
    expect(sent.map(({ headers }) => headers["webhook-timestamp"])).toEqual(ago.map((ms) => seconds(nowMs - ms)));
    for (const one of sent) new Webhook(secret).verify(one.body, headersOf(one));
  });

  it("for good is given up after ten attempts, and the next event of the export follows", async () => {
    const path = newPath();
    const worker = webhookWorker(db);
    receiver.answer(path, (received) => (typeOf(received) === "export.queued" ? 500 : 204));
    const { endpoint } = await insertEndpoint(db, actor, { url: receiver.url(path) });
    await completeExport(db, actor);
    await worker.consume();
    for (let i = 0; i < 10; i++) {
      await worker.deliver();
      await passSeconds(db, (await secondsToNext(db)) ?? 0);
    }
    await worker.deliver();
    expect(requestsTo(path).map(typeOf)).toEqual([
      ...Array.from({ length: 10 }, () => "export.queued"),
      "export.started",
      "export.completed",
    ]);
    expect((await deliveries(endpoint.id)).map(({ state }) => state).toSorted()).toEqual(["delivered", "delivered", "failed"]);
  });
});

describe("a crash", () => {
  it("between the answer and the commit gives a duplicate with the same id, and no loss", async () => {
    const path = newPath();
    const worker = webhookWorker(db);
    const { endpoint } = await insertEndpoint(db, actor, { url: receiver.url(path) });
    await completeExport(db, actor);
    await worker.consume();
    await worker.deliverAndDie();
    expect(await worker.deliver()).toBe(0);
    await execute(db, sql`update jobs set lease_until = now() - interval '1 second' where state = 'running'`);
    expect(await rescueExport(db)).toMatchObject({ state: "retryable" });
    await passSeconds(db, 60);
    await worker.deliver();
    const sent = requestsTo(path);
    expect(sent.map(typeOf)).toEqual(["export.queued", ...threeTypes]);
    expect(idOf(sent[0] ?? { headers: {} })).toBe(idOf(sent[1] ?? { headers: {} }));
    expect((await deliveries(endpoint.id)).map(({ state }) => state)).toEqual(["delivered", "delivered", "delivered"]);
  });

  it("of every runner that takes the delivery ends it as failed, and the next event follows", async () => {
    const path = newPath();
    const worker = webhookWorker(db);
    const { endpoint } = await insertEndpoint(db, actor, { url: receiver.url(path) });
    await completeExport(db, actor);
    await worker.consume();
    await worker.deliverAndDie();
    await execute(db, sql`update jobs set losses = 1000, lease_until = now() - interval '1 second' where state = 'running'`);
    expect(await rescueExport(db)).toMatchObject({ state: "discarded" });
    await worker.deliver();
    const found = await deliveries(endpoint.id);
    expect(found.map(({ state }) => state).toSorted()).toEqual(["delivered", "delivered", "failed"]);
    expect(found.find(({ state }) => state === "failed")?.lastError).toMatchObject({ code: "RUNNER_LOST" });
  });
});

it("a redelivery sends the events of an export in their order, also where a later one waits for its next attempt", async () => {
  const path = newPath();
  const worker = webhookWorker(db);
  const { endpoint } = await insertEndpoint(db, actor, { url: receiver.url(path) });
  receiver.answer(path, 503);
  await completeExport(db, actor);
  await worker.consume();
  for (let i = 0; i < 10; i++) {
    await worker.deliver();
    await passSeconds(db, (await secondsToNext(db)) ?? 0);
  }
  await worker.deliver();
  // The first event is given up, the second waits.
  expect(requestsTo(path).map(typeOf).at(-1)).toBe("export.started");
  receiver.answer(path, 204);
  expect(await redeliver(db, actor, endpoint.id, { filter: { state: "failed" } })).toMatchObject({ redelivered: 1 });
  await worker.deliver();
  const accepted = requestsTo(path).filter(({ status }) => status === 204);
  expect(accepted.map(typeOf)).toEqual(threeTypes);
  expect((await deliveries(endpoint.id)).map(({ state }) => state)).toEqual(["delivered", "delivered", "delivered"]);
});

describe("an endpoint is switched off", () => {
  const told = (id: string) =>
    execute<{ type: string }>(
      db,
      sql`select type from outbox where object_id = ${id} union all select action from audit_logs where resource_id = ${id} and type = 'RUNNER'`,
    );

  it("by 410, once, with event and audit row; what it misses is kept and can be redelivered in order", async () => {
    const path = newPath();
    const worker = webhookWorker(db);
    receiver.answer(path, 410);
    const { endpoint } = await insertEndpoint(db, actor, { url: receiver.url(path) });
    await completeExport(db, actor);
    await worker.consume();
    await worker.deliver();
    expect(requestsTo(path)).toHaveLength(1);
    expect(await stateOf(endpoint.id)).toEqual({ enabled: false, code: "WEBHOOK_GONE", failures: 1 });
    expect((await told(endpoint.id)).map(({ type }) => type)).toEqual(["webhook.endpoint_disabled", "disable"]);
    const later = await completeExport(db, actor);
    await worker.consume();
    await worker.deliver();
    expect(requestsTo(path)).toHaveLength(1);
    expect((await deliveries(endpoint.id)).map(({ state }) => state)).toEqual(Array.from({ length: 6 }, () => "failed"));
    expect(await redeliver(db, actor, endpoint.id, { filter: { state: "failed" } })).toEqual({ outcome: "disabled" });
    receiver.answer(path, 204);
    await updateEndpoint(db, actor, endpointDeps, endpoint.id, { enabled: true });
    expect(await redeliver(db, actor, endpoint.id, { filter: { state: "failed" } })).toMatchObject({ redelivered: 6, hasMore: false });
    await worker.deliver();
    const own = requestsTo(path).slice(1);
    expect(own.filter((one) => objectOf(one) === later).map(typeOf)).toEqual(threeTypes);
    expect(own.filter((one) => objectOf(one) !== later).map(typeOf)).toEqual(threeTypes);
    expect(await stateOf(endpoint.id)).toEqual({ enabled: true, code: null, failures: 0 });
  });

  it("by five days of nothing but failures, and not by two failures with a month between them", async () => {
    const worker = webhookWorker(db);
    const fail = async (path: string) => {
      await insertExport(db, actor);
      await worker.consume();
      await worker.deliver();
      return requestsTo(path).length;
    };
    const path = newPath();
    receiver.answer(path, 500);
    const { endpoint } = await insertEndpoint(db, actor, { url: receiver.url(path), eventTypes: ["export.queued"] });
    await fail(path);
    await execute(db, sql`delete from jobs where kind = 'webhook.deliver'`);
    await passSeconds(db, 30 * 86_400);
    await fail(path);
    expect(await stateOf(endpoint.id)).toEqual({ enabled: true, code: null, failures: 1 });
    for (let day = 0; day < 5; day++) {
      await passSeconds(db, 86_400);
      expect(await stateOf(endpoint.id)).toMatchObject({ enabled: true });
      await fail(path);
    }
    expect(await stateOf(endpoint.id)).toMatchObject({ enabled: false, code: "WEBHOOK_FAILING" });
    expect((await told(endpoint.id)).map(({ type }) => type)).toEqual(["webhook.endpoint_disabled", "disable"]);
  });

  it("by its owner while a request is under way: the delivery that arrives counts, the others are kept", async () => {
    const path = newPath();
    const worker = webhookWorker(db);
    const { endpoint } = await insertEndpoint(db, actor, { url: receiver.url(path), eventTypes: ["export.queued"] });
    receiver.answer(path, (_, response) => {
      void updateEndpoint(db, actor, endpointDeps, endpoint.id, { enabled: false }).then(() => response.writeHead(204).end());
      return "open";
    });
    await insertExport(db, actor);
    await worker.consume();
    await worker.deliver();
    expect((await deliveries(endpoint.id)).map(({ state }) => state)).toEqual(["delivered"]);
    expect(await execute(db, sql`select 1 from jobs where kind = 'webhook.deliver'`)).toEqual([]);
  });

  it("by the answer of its present address alone: 410 of one that was changed meanwhile does not count, and the new one gets the event", async () => {
    const [former, present] = [newPath(), newPath()];
    const worker = webhookWorker(db);
    const { endpoint } = await insertEndpoint(db, actor, { url: receiver.url(former), eventTypes: ["export.queued"] });
    receiver.answer(former, (_, response) => {
      const change = updateEndpoint(db, actor, endpointDeps, endpoint.id, { url: receiver.url(present) });
      void change.then(() => response.writeHead(410).end());
      return "open";
    });
    await insertExport(db, actor);
    await worker.consume();
    await worker.deliver();
    expect(await stateOf(endpoint.id)).toEqual({ enabled: true, code: null, failures: 0 });
    expect([requestsTo(former).length, requestsTo(present).length]).toEqual([1, 1]);
    expect((await deliveries(endpoint.id)).map(({ state }) => state)).toEqual(["delivered"]);
  });

  it("and on again before a runner has recorded that it had nothing to send: what is redelivered is sent", async () => {
    const path = newPath();
    const worker = webhookWorker(db);
    const { endpoint } = await insertEndpoint(db, actor, { url: receiver.url(path), eventTypes: ["export.queued"] });
    await insertExport(db, actor);
    await worker.consume();
    const claimed = await claimKeyedJobs(db, {
      ...{ kind: "webhook.deliver", jobsMax: 64, allowances: {}, afterKey: "", claimedBy: "test", leaseSeconds: 60 },
    });
    await updateEndpoint(db, actor, endpointDeps, endpoint.id, { enabled: false });
    const handler = createWebhookHandler({
      ...{ db, clock: systemClock, log: () => {}, emit: () => {}, random: () => 0.5, keyring: webhookKeyring },
      ...{ customerFetch: () => Promise.reject(new Error("nothing is to be sent")), webhooks: { timeoutMs: 1000 } },
    });
    const [job] = claimed?.jobs ?? [];
    if (claimed === undefined || job === undefined) throw new Error("no job");
    const result = await (await handler.open([job]))(job, new AbortController().signal);
    await updateEndpoint(db, actor, endpointDeps, endpoint.id, { enabled: true });
    await redeliver(db, actor, endpoint.id, { filter: { state: "failed" } });
    expect(await handler.settle([{ job, leaseId: claimed.leaseId, result }])).toEqual([job.id]);
    await worker.deliver();
    expect(requestsTo(path)).toHaveLength(1);
    expect((await deliveries(endpoint.id)).map(({ state }) => state)).toEqual(["delivered"]);
  });

  it("for good when it is deleted: nothing is sent any more, and its deliveries are pruned", async () => {
    const path = newPath();
    const worker = webhookWorker(db);
    const { endpoint } = await insertEndpoint(db, actor, { url: receiver.url(path) });
    await completeExport(db, actor);
    await worker.consume();
    expect(await deleteEndpoint(db, actor, endpoint.id)).toBe("deleted");
    await worker.deliver();
    expect(requestsTo(path)).toEqual([]);
    await execute(db, sql`update webhook_deliveries set finished_at = now() - interval '31 days'`);
    expect(await pruneDeliveries(db, { keepDays: 30 })).toBe(3);
  });
});

describe("the log", () => {
  it("keeps requests without signatures, and of each answer status, headers without cookies and the first 20 kB", async () => {
    const path = newPath();
    const worker = webhookWorker(db);
    receiver.answer(path, (_, response) => {
      response.writeHead(500, { "x-reason": "no", "set-cookie": "session=secret" }).end("é".repeat(500_000));
      return 500;
    });
    const { endpoint } = await insertEndpoint(db, actor, { url: receiver.url(path), eventTypes: ["export.queued"] });
    await insertExport(db, actor);
    await worker.consume();
    await worker.deliver();
    const [listed] = await deliveries(endpoint.id);
    const found = await findDelivery(db, { endpointId: endpoint.id, id: listed?.id ?? "" });
    expect(found).toMatchObject({ state: "waiting", attempts: 1, responseStatus: 500, lastError: { code: "WEBHOOK_REFUSED" } });
    expect(found?.nextAttemptAt).not.toBeNull();
    const [attempt] = found?.log ?? [];
    expect(attempt).toMatchObject({ responseStatus: 500, url: receiver.url(path), error: { code: "WEBHOOK_REFUSED" } });
    expect(attempt?.requestHeaders).toMatchObject({ "webhook-id": found?.eventId, "webhook-signature": "v1" });
    expect(attempt?.responseHeaders).toMatchObject({ "x-reason": "no" });
    expect(attempt?.responseHeaders).not.toHaveProperty("set-cookie");
    expect(Buffer.byteLength(attempt?.responseBody ?? "")).toBe(20_000);
  });

  it("names a receiver that does not answer in time, and redirects are not followed", async () => {
    const [slow, moved, target] = [newPath(), newPath(), newPath()];
    /** Time is over as soon as the request has arrived. */
    const clock = {
      ...systemClock,
      startTimer: (milliseconds: number, onTick: () => void) => {
        if (milliseconds === 15_000) void receiver.arrived(slow, 1).then(onTick);
        return { stop: () => {} };
      },
    };
    receiver.answer(slow, "open");
    receiver.answer(moved, (_, response) => {
      response.writeHead(302, { location: receiver.url(target) }).end();
      return 302;
    });
    const ended = async (path: string, more: object) => {
      const { endpoint } = await insertEndpoint(db, actor, { url: receiver.url(path), eventTypes: ["export.queued"] });
      await insertExport(db, actor);
      const worker = webhookWorker(db, more);
      await worker.consume();
      await worker.deliver();
      return (await deliveries(endpoint.id)).map(({ lastError }) => lastError?.code);
    };
    expect(await ended(moved, {})).toEqual(["WEBHOOK_REDIRECTED"]);
    expect(requestsTo(target)).toEqual([]);
    await execute(db, sql`delete from webhook_endpoints`);
    expect(await ended(slow, { clock })).toEqual(["WEBHOOK_TIMED_OUT"]);
  });

  it("shows a test, which is sent once, also while the endpoint is switched off, and changes nothing of it", async () => {
    const path = newPath();
    const worker = webhookWorker(db);
    receiver.answer(path, 410);
    const { endpoint } = await insertEndpoint(db, actor, { url: receiver.url(path), enabled: false });
    const ids = { id: newId("webhookDelivery"), eventId: newId("outboxEvent") };
    await sendTest(db, actor, { endpointId: endpoint.id, type: "integration.overdue", ...ids, nowMs: Date.now() });
    expect(await worker.deliver()).toBe(1);
    expect(requestsTo(path).map(typeOf)).toEqual(["integration.overdue"]);
    expect(requestsTo(path)[0]?.headers).toMatchObject({ "webhook-test": "true", "webhook-id": ids.eventId });
    expect(await deliveries(endpoint.id)).toMatchObject([{ state: "failed", isTest: true, attempts: 1 }]);
    expect(await stateOf(endpoint.id)).toEqual({ enabled: false, code: null, failures: 0 });
  });
});

describe("hostile addresses", () => {
  const publicOnly = {
    ...strictEgressPolicy,
    allowsHttp: true,
    ports: [[1, 65_535] as const],
    ranges: [parseRange("127.0.0.5")].filter((range) => range !== undefined),
  };

  it("are refused when an endpoint is made, with the field named", async () => {
    const deps = { ...endpointDeps, egressPolicy: publicOnly };
    for (const { url: template, code } of hostileUrls) {
      const url = template.replace("PORT", "8080");
      const body = { ...CreateWebhookEndpoint.parse({ name: "hostile", url: "https://example.com" }), url };
      const made = createEndpoint(db, actor, deps, { id: newId("webhookEndpoint"), body });
      const error = await made.catch((thrown: unknown) => thrown);
      expect([url, error instanceof AppError && { code: error.code, path: error.fields[0]?.path }]).toEqual([url, { code, path: "url" }]);
    }
  });

  it("are not contacted when they are stored all the same, nor names that resolve to them; the endpoints are switched off", async () => {
    const listener = await startListener({ host: "0.0.0.0" });
    const urls = [...hostileUrls.map(({ url }) => url), "http://rebind.example:PORT/"].map((url) =>
      url.replace("PORT", String(listener.port)),
    );
    await execute(
      db,
      sql`insert into webhook_endpoints (project_id, name, url, enabled, signing, sealed_secret, event_types)
        select ${actor.projectId}, 'hostile', u.url, true, 'hmac-sha256', '', '{export.queued}' from json_array_elements_text(${JSON.stringify(urls)}::json) as u(url)`,
    );
    for (const { id } of await execute<{ id: string }>(db, sql`select id from webhook_endpoints where name = 'hostile'`))
      await execute(
        db,
        sql`update webhook_endpoints set sealed_secret = ${await webhookKeyring.seal(id, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")} where id = ${id}`,
      );
    await insertExport(db, actor);
    const worker = webhookWorker(db, {
      customerFetch: createGuardedFetch({ policy: publicOnly, resolve: () => Promise.resolve(["127.0.0.1"]) }),
    });
    await worker.consume();
    await worker.deliver();
    expect(listener.connections()).toBe(0);
    const left = await execute<{ url: string; code: string }>(
      db,
      sql`select url, disabled_code as code from webhook_endpoints where name = 'hostile' and (enabled or disabled_code not in ('EGRESS_BLOCKED', 'EGRESS_INVALID_URL'))`,
    );
    expect(left).toEqual([]);
    listener.stop();
  });
});

describe("secrets", () => {
  it("are nowhere in clear: not in the database, and not in the log of the runner", async () => {
    const path = newPath();
    const worker = webhookWorker(db);
    const made = [
      await insertEndpoint(db, actor, { url: receiver.url(path) }),
      await insertEndpoint(db, actor, { url: receiver.url(path), signing: "ed25519" }),
    ];
    const rotated = await rotateEndpointSecret(db, actor, endpointDeps, { id: made[0]?.endpoint.id ?? "", overlapHours: 1 });
    receiver.answer(path, 500);
    await completeExport(db, actor);
    await worker.consume();
    await worker.deliver();
    const tables = ["webhook_endpoints", "webhook_deliveries", "webhook_attempts", "audit_logs", "jobs", "outbox"];
    const rows = await Promise.all(tables.map((table) => execute(db, sql`select to_jsonb(t) as row from ${sql.identifier(table)} t`)));
    const stored = JSON.stringify(rows) + JSON.stringify(worker.log);
    expect(stored).toContain(made[1]?.endpoint.publicKey);
    for (const secret of [...made.map((one) => one.secret), rotated?.secret ?? ""]) {
      const bare = secret.replace(/^whs(ec|k)_/, "");
      expect(bare.length).toBeGreaterThan(40);
      // Of whsk_ the end is the public key.
      expect(stored).not.toContain(bare.slice(0, 40));
    }
    for (const signature of receiver.requests.map(({ headers }) => String(headers["webhook-signature"]).split(",")[1] ?? ""))
      expect(stored).not.toContain(signature.slice(0, 20));
  });
});
