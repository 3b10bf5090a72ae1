/** Webhooks without the API: a receiver on loopback, endpoints, events of exports, and a runner's work step by step. */
import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { sql } from "drizzle-orm";
import type { EgressPolicy } from "../../core/egress/egress-policy.ts";
import { createKeyring } from "../../core/integrations/sealed-secret.ts";
import { CreateWebhookEndpoint } from "../../core/webhooks/endpoint.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { claimKeyedJobs, type KeyedJob } from "../../db/queue/claim-keyed-jobs.ts";
import { systemClock } from "../../runner/clock.ts";
import type { Clock } from "../../runner/deps.ts";
import { createGuardedFetch } from "../../runner/egress/guarded-fetch.ts";
import { createWebhookHandler, type WebhookHandlerDeps } from "../../runner/jobs/webhook-deliver.ts";
import { consumerOf } from "../../runner/outbox/start-outbox.ts";
import type { Actor } from "../../services/audit/write-audit.ts";
import { transitionExport } from "../../services/exports/transition-export.ts";
import { consumeEvents } from "../../services/outbox/consume-events.ts";
import { createEndpoint } from "../../services/webhooks/create-endpoint.ts";
import type { EndpointRow } from "../../services/webhooks/endpoint-row.ts";
import { startHttp } from "./counting-server.ts";
import { insertExport, manifestOf, newId } from "./export-rows.ts";

export type Received = { path: string; headers: IncomingHttpHeaders; body: string; status: number | "open" };
type Behaviour = (received: Received, response: ServerResponse) => number | "open";

export type Receiver = {
  url: (path: string) => string;
  /** Every request in the order of arrival. */
  requests: Received[];
  /** How requests to the path are answered: with a status, or not at all. By default 204. */
  answer: (path: string, how: number | "open" | Behaviour) => void;
  /** Resolves when so many requests to paths that begin so have arrived. */
  arrived: (path: string, count: number) => Promise<void>;
  stop: () => void;
};

export const startReceiver = async (): Promise<Receiver> => {
  const requests: Received[] = [];
  const behaviours = new Map<string, Behaviour>();
  const waiting = new Set<() => void>();
  const server = await startHttp(
    (request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const path = request.url ?? "";
        const received: Received = { path, headers: request.headers, body: Buffer.concat(parts).toString(), status: 204 };
        received.status = (behaviours.get(path) ?? (() => 204))(received, response);
        requests.push(received);
        if (received.status !== "open" && !response.headersSent) response.writeHead(received.status).end();
        for (const look of waiting) look();
      });
    },
    { host: "127.0.0.1" },
  );
  return {
    url: (path) => `http://127.0.0.1:${server.port}${path}`,
    requests,
    answer: (path, how) => void behaviours.set(path, typeof how === "function" ? how : () => how),
    arrived: (path, count) =>
      new Promise((resolve) => {
        const look = () => {
          if (requests.filter((one) => one.path.startsWith(path)).length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    stop: server.stop,
  };
};

export const loopbackPolicy: EgressPolicy = {
  ...{ allowsHttp: true, hosts: [{ name: "127.0.0.1", port: null }] },
  ...{ ranges: [], ports: [[1, 65_535]] },
};

const randomOf = (size: number) => new Uint8Array(randomBytes(size));
export const webhookKeyring = createKeyring({ present: "6b".repeat(32), previous: [], randomBytes: randomOf });
export const endpointDeps = { keyring: webhookKeyring, egressPolicy: loopbackPolicy, randomBytes: randomOf };

export const insertEndpoint = async (
  db: Database,
  actor: Actor,
  wanted: Partial<CreateWebhookEndpoint> & { url: string },
): Promise<{ endpoint: EndpointRow; secret: string }> => {
  const body = CreateWebhookEndpoint.parse({ name: "endpoint", ...wanted });
  return createEndpoint(db, actor, endpointDeps, { id: newId("webhookEndpoint"), body });
};

export type WebhookWorker = {
  /** Passes the events of the outbox to the endpoints. */
  consume: () => Promise<void>;
  /** Claims and sends what is due and settles it, until nothing is. Returns the number of attempts. */
  deliver: () => Promise<number>;
  /** Sends what is due and dies before it settles. */
  deliverAndDie: () => Promise<void>;
  log: unknown[];
};

/** The work of a runner, step by step. */
export const webhookWorker = (
  db: Database,
  { clock = systemClock, timeoutMs = 15_000, ...more }: Partial<WebhookHandlerDeps> & { clock?: Clock; timeoutMs?: number } = {},
): WebhookWorker => {
  const log: unknown[] = [];
  const handler = createWebhookHandler({
    db,
    clock,
    log: (...line) => void log.push(line),
    emit: (...event) => void log.push(event),
    random: () => 0.5,
    customerFetch: createGuardedFetch({ policy: loopbackPolicy }),
    keyring: webhookKeyring,
    webhooks: { timeoutMs },
    ...more,
  });
  const claimed = { kind: "webhook.deliver", jobsMax: 64, allowances: {}, afterKey: "", claimedBy: "test", leaseSeconds: 60 } as const;
  const attemptAll = async () => {
    const batch = await claimKeyedJobs(db, claimed);
    if (batch === undefined) return undefined;
    const attempt = await handler.open(batch.jobs);
    const one = async (job: KeyedJob) => ({ job, leaseId: batch.leaseId, result: await attempt(job, new AbortController().signal) });
    return Promise.all(batch.jobs.map(one));
  };
  return {
    log,
    consume: async () => {
      const consumer = consumerOf("webhooks", { publicUrl: "https://spillway.example" });
      while ((await consumeEvents({ db, random: () => 0 }, "webhooks", consumer)) !== undefined);
    },
    deliver: async () => {
      let attempts = 0;
      for (let ended = await attemptAll(); ended !== undefined; ended = await attemptAll()) {
        await handler.settle(ended);
        attempts += ended.length;
      }
      return attempts;
    },
    deliverAndDie: async () => void (await attemptAll()),
  };
};

/** An export that was queued, started and completed: three events of one object. */
export const completeExport = async (db: Database, actor: Actor, more: object = {}): Promise<string> => {
  const { exportId } = await insertExport(db, actor, more);
  await transitionExport(db, exportId, "PROCESSING", { attempt: 1 });
  await transitionExport(db, exportId, "COMPLETED", { manifest: manifestOf(exportId) });
  return exportId;
};

/** Moves everything that waits for its time nearer by so many seconds, as if they had passed. */
export const passSeconds = async (db: Database, seconds: number): Promise<void> => {
  const earlier = sql`make_interval(secs => ${seconds})`;
  await execute(db, sql`update jobs set run_at = run_at - ${earlier} where kind = 'webhook.deliver'`);
  await execute(
    db,
    sql`update webhook_endpoints set failing_since = failing_since - ${earlier}, last_failure_at = last_failure_at - ${earlier}`,
  );
};

/** Seconds until the next attempt is due; null if none waits. */
export const secondsToNext = async (db: Database): Promise<number | null> => {
  const [row] = await execute<{ seconds: number | null }>(
    db,
    sql`select extract(epoch from min(run_at) - now())::double precision as seconds from jobs where kind = 'webhook.deliver' and finished_at is null`,
  );
  return row?.seconds ?? null;
};
