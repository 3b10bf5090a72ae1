/**
 * `npm run bench:api [-- --seconds 5] [--rounds 3] [--clients 8]`: latency and rate of the API in workerd, beside a Worker that does one
 * INSERT through the same driver. Every request opens its own connection in both. No runner works meanwhile.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { execute, openPostgres } from "../../db/postgres/client.ts";
import { startNeonRelay } from "../neon-relay.ts";
import { startStack } from "../stack.ts";
import { bundleScript, startWorker } from "../workerd/start.ts";

const numberOf = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? otherwise : Number(process.argv[at + 1]);
};
const secondsEach = numberOf("seconds", 5);
const rounds = numberOf("rounds", 3);
const clients = numberOf("clients", 8);

type Call = { name: string; url: string; init: () => RequestInit };
type Measured = { p50: number; p99: number; perSecond: number };

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
const median = (values: readonly number[]): number =>
  percentile(
    values.toSorted((a, b) => a - b),
    0.5,
  );

/** Each client sends its next request when the one before is answered. Throws if one is refused: what is fast then is the refusal. */
const measure = async ({ name, url, init }: Call, atOnce: number, forSeconds: number): Promise<Measured> => {
  const tookMs: number[] = [];
  const startedMs = performance.now();
  const endMs = startedMs + forSeconds * 1000;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (performance.now() < endMs) {
        const sentMs = performance.now();
        const response = await fetch(url, init());
        const text = await response.text();
        if (!response.ok) throw new Error(`${name}: ${response.status} ${text}`);
        tookMs.push(performance.now() - sentMs);
      }
    }),
  );
  const sorted = tookMs.toSorted((a, b) => a - b);
  return {
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    perSecond: tookMs.length / ((performance.now() - startedMs) / 1000),
  };
};

const dir = mkdtempSync(join(tmpdir(), "spillway-bench-api-"));
chmodSync(dir, 0o755);
const stoppable: { stop: () => unknown }[] = [{ stop: () => rmSync(dir, { recursive: true, force: true }) }];
try {
  const stack = await startStack({ dataDir: dir, apiPort: 0, withRunner: false, env: { SPILLWAY_LOCAL_SINKS: "false" } });
  stoppable.push(stack);
  const postgres = openPostgres(stack.postgresUrl, { connectionsMax: 1 });
  await execute(postgres.db, sql`create table bench_rows (id bigint generated always as identity primary key, body jsonb not null)`);
  await postgres.close();
  const relay = startNeonRelay(stack.postgresUrl);
  stoppable.push(relay);
  const bundle = join(dir, "insert-bundle");
  await bundleScript(bundle, "local/bench/insert/worker.ts");
  mkdirSync(join(bundle, "assets"));
  const bindings = { DATABASE_URL: stack.postgresUrl, NEON_WS_PROXY: relay.address };
  const inserting = await startWorker({ dataDir: join(dir, "insert"), logFile: join(dir, "insert.log"), bundle, bindings });
  stoppable.push(inserting);

  const headers = { authorization: `Basic ${btoa(`${stack.publicKey}:${stack.secretKey}`)}`, "content-type": "application/json" };
  const exportBody = JSON.stringify({ format: "CSV", query: { tableName: "events", filter: [] } });
  const created = await fetch(`${stack.apiUrl}/api/public/batch-exports`, { method: "POST", headers, body: exportBody });
  const { id } = (await created.json()) as { id: string };
  let events = 0;
  const trace = () => {
    const body = { id: `trace-${++events}`, name: "bench" };
    return JSON.stringify({ batch: [{ id: `event-${events}`, timestamp: new Date().toISOString(), type: "trace-create", body }] });
  };
  const calls: Call[] = [
    { name: "bare INSERT", url: inserting.url, init: () => ({ method: "POST", body: exportBody }) },
    { name: "GET /health", url: `${stack.apiUrl}/health`, init: () => ({}) },
    { name: "GET /batch-exports/{id}", url: `${stack.apiUrl}/api/public/batch-exports/${id}`, init: () => ({ headers }) },
    {
      name: "POST /batch-exports",
      url: `${stack.apiUrl}/api/public/batch-exports`,
      init: () => ({ method: "POST", headers, body: exportBody }),
    },
    {
      name: "POST /ingestion, one event",
      url: `${stack.apiUrl}/api/public/ingestion`,
      init: () => ({ method: "POST", headers, body: trace() }),
    },
  ];
  for (const atOnce of [1, clients]) {
    for (const call of calls) await measure(call, atOnce, 1);
    const results = new Map<string, Measured[]>(calls.map(({ name }) => [name, []]));
    for (let round = 0; round < rounds; round++)
      for (const call of calls) results.get(call.name)?.push(await measure(call, atOnce, secondsEach));
    const figureOf = (name: string, figure: keyof Measured) => median((results.get(name) ?? []).map((one) => one[figure]));
    const bare = figureOf("bare INSERT", "p50");
    console.log(`\n${atOnce} at once:\n| | p50 ms | p99 ms | a second | p50 / INSERT |\n| --- | --- | --- | --- | --- |`);
    for (const { name } of calls) {
      const [p50, p99, perSecond] = (["p50", "p99", "perSecond"] as const).map((figure) => figureOf(name, figure));
      console.log(`| ${name} | ${p50?.toFixed(1)} | ${p99?.toFixed(1)} | ${perSecond?.toFixed(0)} | ${((p50 ?? 0) / bare).toFixed(2)} |`);
    }
  }
} finally {
  for (const part of stoppable.toReversed()) await part.stop();
}
process.exit(0);
