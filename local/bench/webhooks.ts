/**
 * `npm run bench:webhooks [-- --deliveries 10000]`: webhooks a second that one runner sends to a local sink that accepts at once, from a
 * backlog and from events of the outbox, beside the same requests sent by a bare loop. Figures: docs/benchmarks.md.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { scopes } from "../../core/auth/scopes.ts";
import { hashSecret } from "../../core/auth/secret-hash.ts";
import { createKeyring } from "../../core/integrations/sealed-secret.ts";
import { jobKindNames, jobKinds } from "../../core/jobs/kinds.ts";
import { sampleBody, sampleTimestamp } from "../../core/webhooks/samples.ts";
import { createSigningKey } from "../../core/webhooks/signing-key.ts";
import { execute, openPostgres } from "../../db/postgres/client.ts";
import { migratePostgres } from "../../db/postgres/migrate.ts";
import { bootstrapProject, newIdWith } from "../../services/tenants/bootstrap-project.ts";
import { freePort } from "../free-port.ts";
import { startPostgres } from "../postgres/start.ts";
import { bunPath, repositoryRoot, startService } from "../service.ts";
import { spawnBound } from "../spawn-bound.ts";

const at = process.argv.indexOf("--deliveries");
const deliveriesTotal = at === -1 ? 10_000 : Number(process.argv[at + 1]);
const dir = mkdtempSync(join(tmpdir(), "spillway-bench-webhooks-"));
chmodSync(dir, 0o755);
const newId = newIdWith(Date.now, (size) => randomBytes(size));
const randomOf = (size: number) => new Uint8Array(randomBytes(size));
const encryptionKey = randomBytes(32).toString("hex");
const keyring = createKeyring({ present: encryptionKey, previous: [], randomBytes: randomOf });

const postgres = await startPostgres({ dataDir: join(dir, "postgres"), logFile: join(dir, "postgres.log") });
const sinkPort = await freePort();
const sinkUrl = `http://127.0.0.1:${sinkPort}/hook`;
const sink = await startService({
  name: "sink",
  command: bunPath,
  args: [join(repositoryRoot, "local/bench/sink.ts"), String(sinkPort)],
  logFile: join(dir, "sink.log"),
  isReady: async () => (await fetch(sinkUrl, { method: "HEAD" })).ok,
});
await migratePostgres(postgres.url);
const open = openPostgres(postgres.url, { connectionsMax: 3 });
const { projectId } = await bootstrapProject(
  { db: open.db, newId, newUuid: randomUUID, hashSecret: (secretKey) => hashSecret(secretKey, "bench"), requestId: "bench" },
  { organization: "Bench", project: "Bench", email: "bench@example.com" },
  scopes,
);

/** The switches of everything but webhooks. */
const otherSwitches = Object.fromEntries(
  jobKindNames.filter((kind) => kind !== "webhook.deliver").map((kind) => [jobKinds[kind].queueSwitch, "false"]),
);

type Done = { seconds: number; cpuSeconds: number; peakMb: number };

/** Runs a fresh runner until nothing waits. Time is from the first attempt to the last record. */
const drain = async (): Promise<Done> => {
  const child = spawnBound(bunPath, [join(repositoryRoot, "runner/main.ts")], {
    stdout: "pipe",
    stderr: "inherit",
    env: {
      ...process.env,
      ...otherSwitches,
      DATABASE_URL: postgres.url,
      CLICKHOUSE_URL: "http://127.0.0.1:1",
      ENCRYPTION_KEY: encryptionKey,
      SPILLWAY_POLL_MS: "100",
      SPILLWAY_EGRESS_ALLOWED_HOSTS: "127.0.0.1",
      SPILLWAY_EGRESS_ALLOWED_PORTS: "1-65535",
      SPILLWAY_EGRESS_ALLOW_HTTP: "true",
    },
  });
  child.stdout?.resume();
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  try {
    for (;;) {
      await wait(200);
      const [row] = await execute<{ left: boolean; seconds: number }>(
        open.db,
        sql`select exists (select 1 from webhook_deliveries where state = 'waiting') or exists (select 1 from outbox_deliveries where consumer = 'webhooks') as left,
            (select extract(epoch from max(finished_at) - (select min(started_at) from webhook_attempts)) from webhook_deliveries)::float8 as seconds`,
      );
      if (row !== undefined && !row.left) {
        const [user = 0, system = 0] =
          readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.split(" ").slice(11, 13).map(Number) ?? [];
        const peakMb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1000;
        return { seconds: row.seconds, cpuSeconds: (user + system) / 100, peakMb };
      }
    }
  } finally {
    child.kill("SIGTERM");
    await gone;
  }
};

const reset = async (endpoints: number): Promise<void> => {
  await execute(open.db, sql`truncate webhook_endpoints, webhook_deliveries, outbox, jobs cascade`);
  for (let i = 0; i < endpoints; i++) {
    const id = newId("webhookEndpoint");
    const { secret } = await createSigningKey("hmac-sha256", randomOf);
    await execute(
      open.db,
      sql`insert into webhook_endpoints (id, project_id, name, url, enabled, signing, sealed_secret)
        values (${id}, ${projectId}, ${id}, ${sinkUrl}, true, 'hmac-sha256', ${await keyring.seal(id, secret)})`,
    );
  }
};

/** Deliveries that wait already, each of an object of its own, in turn for each endpoint. */
const insertBacklog = async (): Promise<void> => {
  const { priority, maxAttempts } = jobKinds["webhook.deliver"];
  await execute(
    open.db,
    sql`with endpoint as (select id, row_number() over (order by id) - 1 as n, count(*) over () as total from webhook_endpoints),
      delivery as (
        insert into webhook_deliveries (endpoint_id, project_id, event_id, event_type, object_id, body, state)
        select e.id, ${projectId}, 'evt_' || g, 'export.completed', 'exp_' || g, ${sampleBody("export.completed", sampleTimestamp)}, 'waiting'
        from generate_series(0, ${deliveriesTotal - 1}) g join endpoint e on e.n = g % e.total returning id, endpoint_id
      )
      insert into jobs (kind, project_id, payload, state, priority, max_attempts, has_slot, concurrency_key, dedupe_key)
      select 'webhook.deliver', ${projectId}, json_build_object('deliveryId', id), 'available', ${priority}, ${maxAttempts}, false, endpoint_id, 'webhook.deliver:' || id from delivery`,
  );
};

/** Events that nobody has consumed, each of an object of its own. */
const insertEvents = async (events: number): Promise<void> => {
  await execute(
    open.db,
    sql`with event as (
        insert into outbox (type, project_id, object_id, payload)
        select 'export.cancelled', ${projectId}, 'exp_' || g, json_build_object('batchExportId', 'exp_' || g, 'name', 'bench') from generate_series(1, ${events}) g
        returning position, object_id
      )
      insert into outbox_deliveries (consumer, position, object_id) select 'webhooks', position, object_id from event`,
  );
};

/** The limit: the same bodies by as many bare requests at once, without signature, queue or record. */
const bareSeconds = async (): Promise<number> => {
  const body = sampleBody("export.completed", sampleTimestamp);
  let left = deliveriesTotal;
  const startedMs = performance.now();
  const send = async () => {
    while (left-- > 0) await (await fetch(sinkUrl, { method: "POST", body })).text();
  };
  await Promise.all(Array.from({ length: jobKinds["webhook.deliver"].claiming.concurrency }, send));
  return (performance.now() - startedMs) / 1000;
};

const show = (name: string, { seconds, cpuSeconds, peakMb }: Partial<Done> & { seconds: number }): void => {
  const rate = Math.round(deliveriesTotal / seconds);
  const cpu = cpuSeconds === undefined ? "" : `${((cpuSeconds / deliveriesTotal) * 1e6).toFixed(0)}`;
  console.log(`| ${name} | ${rate} | ${seconds.toFixed(1)} | ${cpu} | ${peakMb?.toFixed(0) ?? ""} |`);
};

try {
  console.log(
    `${deliveriesTotal} deliveries\n\n| | a second | s | CPU of the runner, µs each | peak MB |\n| --- | --- | --- | --- | --- |`,
  );
  show("bare requests, 128 at once", { seconds: await bareSeconds() });
  for (const endpoints of [20, 1]) {
    await reset(endpoints);
    await insertBacklog();
    show(`backlog, ${endpoints} endpoints`, await drain());
  }
  for (const endpoints of [4, 1]) {
    await reset(endpoints);
    await insertEvents(Math.ceil(deliveriesTotal / endpoints));
    show(`events of the outbox, ${endpoints} endpoints each`, await drain());
  }
} finally {
  await open.close();
  await sink.stop();
  await postgres.stop();
  rmSync(dir, { recursive: true, force: true });
}
