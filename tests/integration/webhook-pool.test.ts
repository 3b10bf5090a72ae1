/** The loop of webhooks: endpoints that do not answer delay no other. What is counted is order, not time. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { noTracer } from "../../core/telemetry/tracer.ts";
import { type Database, execute, type OpenDatabase } from "../../db/postgres/client.ts";
import { claimKeyedJobs } from "../../db/queue/claim-keyed-jobs.ts";
import { enqueueKeyedJobs } from "../../db/queue/enqueue-keyed-jobs.ts";
import { createBus } from "../../runner/bus.ts";
import { systemClock } from "../../runner/clock.ts";
import type { Handlers } from "../../runner/deps.ts";
import { createGuardedFetch } from "../../runner/egress/guarded-fetch.ts";
import { createWebhookHandler } from "../../runner/jobs/webhook-deliver.ts";
import { startLoops } from "../../runner/queue/start-loops.ts";
import type { Actor } from "../../services/audit/write-audit.ts";
import { insertActor, insertExport, newId } from "../support/export-rows.ts";
import { openOwnDatabase } from "../support/postgres-database.ts";
import { insertProject } from "../support/project.ts";
import { waitSeconds } from "../support/wait-seconds.ts";
import { insertEndpoint, loopbackPolicy, type Receiver, startReceiver, webhookKeyring, webhookWorker } from "../support/webhooks.ts";

let open: OpenDatabase & { url: string };
let db: Database;
let receiver: Receiver;
let actor: Actor;
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
  actor = await insertActor(db);
});

const healthyEvents = 20;

/** A runner that does nothing but send webhooks. */
const startWebhooks = () => {
  const settled: string[] = [];
  const completed = Promise.withResolvers<void>();
  const log = () => {};
  const bus = createBus(log);
  bus.on("pool.settled", ({ state }) => {
    settled.push(state);
    if (settled.filter((one) => one === "completed").length === healthyEvents) completed.resolve();
  });
  const handler = createWebhookHandler({
    ...{
      db,
      clock: systemClock,
      log,
      emit: bus.emit,
      random: () => 0.5,
      keyring: webhookKeyring,
      webhooks: { timeoutMs: waitSeconds * 1000 },
    },
    customerFetch: createGuardedFetch({ policy: loopbackPolicy }),
  });
  const { loops } = startLoops(
    {
      ...{ db, clock: systemClock, log, bus, random: () => 0.5, tracer: noTracer },
      handlers: { "webhook.deliver": handler } as unknown as Handlers,
      dueWork: async () => ({ kinds: new Set(["webhook.deliver"] as const), consumers: new Set<string>() }),
    },
    {
      ...{ kinds: ["webhook.deliver"], claimedBy: "test", leaseSeconds: 60, heartbeatSeconds: 15, selfFenceSeconds: 40 },
      ...{ pollMs: 20, pollIdleMs: 20, graceSeconds: 0 },
      ...{ limitedPerProject: { concurrency: 1, projectRunningMax: 1 }, batched: { concurrency: 1, jobsMax: 1 } },
    },
  );
  return { settled, completed: completed.promise, stop: () => Promise.all(loops.map((loop) => loop.stop())) };
};

describe("fifty endpoints that never answer", () => {
  it("keep nothing from a healthy one: all of its events arrive before any of theirs has ended", async () => {
    const dead = Array.from({ length: 50 }, (_, index) => `/dead-${index}`);
    for (const path of dead) {
      receiver.answer(path, "open");
      await insertEndpoint(db, actor, { url: receiver.url(path), eventTypes: ["export.queued"] });
    }
    const healthy = await insertActor(db);
    await insertEndpoint(db, healthy, { url: receiver.url("/healthy"), eventTypes: ["export.queued"] });
    for (let i = 0; i < 3; i++) await insertExport(db, actor);
    const worker = webhookWorker(db);
    await worker.consume();
    const runner = startWebhooks();
    try {
      await receiver.arrived("/dead", 50);
      for (let i = 0; i < healthyEvents; i++) await insertExport(db, healthy);
      await worker.consume();
      await runner.completed;
      expect(receiver.requests.filter(({ path }) => path === "/healthy")).toHaveLength(healthyEvents);
      const ended = await execute(
        db,
        sql`select 1 from webhook_attempts a join webhook_deliveries d on d.id = a.delivery_id where d.project_id = ${actor.projectId}`,
      );
      expect(ended).toEqual([]);
      // Each of them has one request under way, so that they cannot fill the pool.
      expect(receiver.requests.filter(({ path }) => path.startsWith("/dead"))).toHaveLength(50);
    } finally {
      await runner.stop();
    }
    expect(runner.settled.filter((state) => state === "available")).toHaveLength(50);
    expect(await execute(db, sql`select 1 from jobs where kind = 'webhook.deliver' and (state <> 'available' or attempt > 0)`)).toEqual([]);
  });
});

describe("a claim", () => {
  const claim = (allowances: Record<string, number>, jobsMax = 64, afterKey = "") =>
    claimKeyedJobs(db, { kind: "webhook.deliver", jobsMax, allowances, afterKey, claimedBy: "test", leaseSeconds: 60 });
  const keysOf = (batch: Awaited<ReturnType<typeof claim>>) => batch?.jobs.map(({ concurrencyKey }) => concurrencyKey).toSorted() ?? [];
  const insert = async (...keys: string[]) => {
    const projectId = await insertProject(db);
    for (const concurrencyKey of keys)
      await enqueueKeyedJobs(db, "webhook.deliver", [{ projectId, concurrencyKey, payload: { deliveryId: "d" }, dedupeKey: newId("job") }]);
  };

  it("takes one job of a key, or as many as the key may have", async () => {
    await insert("a", "a", "a", "b", "b", "c");
    expect(keysOf(await claim({ a: 2, c: 0 }))).toEqual(["a", "a", "b"]);
    expect(keysOf(await claim({}))).toEqual(["a", "b", "c"]);
    expect(await claim({})).toBeUndefined();
  });

  it("lets keys take turns from claim to claim", async () => {
    await insert("a", "a", "b", "c", "d");
    expect(keysOf(await claim({}, 2))).toEqual(["a", "b"]);
    expect(keysOf(await claim({}, 2, "b"))).toEqual(["c", "d"]);
    expect(keysOf(await claim({}, 2, "d"))).toEqual(["a"]);
  });

  it("gives each job to one runner, however many claim at once", async () => {
    await insert(...Array.from({ length: 60 }, (_, index) => `key-${index % 20}`));
    const batches = await Promise.all(Array.from({ length: 12 }, () => claim({}, 20)));
    const rest: string[] = [];
    for (let batch = await claim({}); batch !== undefined; batch = await claim({})) rest.push(...batch.jobs.map(({ id }) => id));
    const ids = [...batches.flatMap((batch) => batch?.jobs.map(({ id }) => id) ?? []), ...rest];
    expect(ids).toHaveLength(60);
    expect(new Set(ids).size).toBe(60);
  });
});
